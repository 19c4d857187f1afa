// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// layout-check: looks, as software made for one board does, at fixed addresses and asks no tables. It prints
// what it finds:
//   ioapic=ADDRESS               its version, and timer interrupts that it delivers
//   hpet=ADDRESS                 the timers' vendor, and whether they count
//   memory=ADDRESS bytes=N       the sum of the bytes, before and after a store to each
//   acpi=NAME                    the last 4 bytes of the ACPI table of that name
//   pci=SLOT function=N          the header, word by word, and again after stores of all-ones to it
#include "guests/baremetal/clock.h"
#include "guests/baremetal/command_line.h"
#include "guests/baremetal/cpu.h"
#include "guests/baremetal/interrupts.h"
#include "guests/baremetal/machine.h"
#include "guests/baremetal/print.h"
#include "guests/baremetal/x86_64/apic.h"
#include "guests/baremetal/x86_64/pci.h"

namespace {

using guest::option_number;
using guest::print;

constexpr unsigned kTicks = 5;
constexpr std::uint32_t kTickMicroseconds = 2000;
constexpr std::uint32_t kIoApicVersion = 1;

volatile unsigned ticks = 0;

void on_tick() {
  ticks = ticks + 1;
}

void look_at_io_apic() {
  print("ioapic: version {x}, ", guest::read_io_apic(kIoApicVersion));
  guest::start_timer(kTickMicroseconds, on_tick);
  guest::wait_until([] { return ticks >= kTicks; });
  guest::stop_timer();
  print("{} interrupts\n", kTicks);
}

// IA-PC HPET specification 1.0a.
void look_at_timers(std::uint64_t address) {
  constexpr std::uint64_t kConfiguration = 0x10;
  constexpr std::uint64_t kCounter = 0xf0;
  const auto capabilities = guest::read_at<std::uint32_t>(address);
  guest::write_at<std::uint32_t>(address + kConfiguration, 1);
  const auto before = guest::read_at<std::uint32_t>(address + kCounter);
  guest::spin_microseconds(kTickMicroseconds);
  const bool counts = guest::read_at<std::uint32_t>(address + kCounter) != before;
  print("hpet: vendor {x}, {}\n", capabilities >> 16, counts ? "counts" : "stands still");
}

std::uint64_t sum_of(std::uint64_t address, std::uint64_t bytes) {
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < bytes; ++i) sum += guest::read_at<std::uint8_t>(address + i);
  return sum;
}

void look_at_memory(std::uint64_t address, std::uint64_t bytes) {
  if (!guest::map_physical(address, bytes)) guest::panic("the memory is out of reach");
  print("memory: sum {}, ", sum_of(address, bytes));
  for (std::uint64_t i = 0; i < bytes; ++i) guest::write_at<std::uint8_t>(address + i, 1);
  print("after stores {}\n", sum_of(address, bytes));
}

bool has_text(std::uint64_t address, const char* text) {
  for (std::uint64_t i = 0; text[i] != '\0'; ++i) {
    if (guest::read_at<char>(address + i) != text[i]) return false;
  }
  return true;
}

// ACPI specification: the pointer is somewhere in the BIOS area, and leads to a table of addresses of tables.
void look_at_table(const char* name) {
  constexpr std::uint64_t kHeaderBytes = 36;
  std::uint64_t pointer = 0xe0000;
  while (pointer < 0x100000 && !has_text(pointer, "RSD PTR ")) pointer += 16;
  if (pointer == 0x100000) guest::panic("there are no ACPI tables");
  const std::uint64_t root = guest::read_at<std::uint32_t>(pointer + 16);
  const std::uint64_t end = root + guest::read_at<std::uint32_t>(root + 4);
  for (std::uint64_t entry = root + kHeaderBytes; entry < end; entry += 4) {
    const std::uint64_t table = guest::read_at<std::uint32_t>(entry);
    if (!has_text(table, name)) continue;
    const std::uint64_t bytes = guest::read_at<std::uint32_t>(table + 4);
    print("acpi: {} ends with {x}\n", name, guest::read_at<std::uint32_t>(table + bytes - 4));
  }
}

void look_at_function(guest::pci::Device device) {
  constexpr std::uint32_t kHeaderBytes = 64;
  for (unsigned round = 0; round < 2; ++round) {
    print("pci:");
    for (std::uint32_t at = 0; at < kHeaderBytes; at += 4) print(" {x}", guest::pci::read(device, at));
    print("\n");
    for (std::uint32_t at = 0; at < kHeaderBytes; at += 4) guest::pci::write(device, at, ~0u);
  }
}

}  // namespace

void guest_main() {
  if (guest::option("ioapic", "").given) look_at_io_apic();
  if (guest::option("hpet", "").given) look_at_timers(option_number("hpet", 0));
  if (guest::option("memory", "").given)
    look_at_memory(option_number("memory", 0), option_number("bytes", 4096));
  if (guest::option("acpi", "").given) look_at_table(guest::option("acpi", "").text);
  if (guest::option("pci", "").given) {
    look_at_function({static_cast<std::uint32_t>(option_number("pci", 0)),
                      static_cast<std::uint32_t>(option_number("function", 0))});
  }
  print("layout-check: done\n");
}
