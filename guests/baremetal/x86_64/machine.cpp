// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "guests/baremetal/machine.h"

#include <cstddef>

#include "guests/baremetal/cpu.h"
#include "guests/baremetal/interrupts.h"
#include "guests/baremetal/x86_64/cmos.h"
#include "guests/baremetal/x86_64/pci.h"

extern "C" std::uint64_t page_directory_pointers[512];
extern "C" std::uint32_t boot_information;  // physical address of the multiboot information
extern "C" void guest_start();

namespace guest {
namespace {

// The part of the multiboot information that is of use here.
struct BootInformation {
  std::uint32_t flags;
  std::uint32_t memory_lower;
  std::uint32_t memory_upper;
  std::uint32_t boot_device;
  std::uint32_t command_line;
};
constexpr std::uint32_t kHasCommandLine = 1u << 2;

constexpr std::uint16_t kIntel = 0x8086;
constexpr std::uint16_t kPiix4Power = 0x7113;
constexpr std::uint16_t kIch9Bridge = 0x2918;
constexpr std::uint32_t kPowerBase = 0x40;  // both keep the address of their power management ports here
constexpr std::uint16_t kControl = 4;
constexpr std::uint16_t kSleepOff = 1u << 13;  // SLP_EN with sleep type 0, which is S5 on these machines
constexpr std::uint16_t kUsualPowerBase = 0x600;

constexpr std::uint16_t kResetControl = 0xcf9;
constexpr std::uint16_t kPanicPort = 0x505;  // of QEMU's pvpanic
constexpr std::uint8_t kPanicked = 1;
constexpr std::uint16_t kCmosIndex = 0x70;
constexpr std::uint16_t kCmosData = 0x71;

constexpr std::uint64_t kGibibyte = 1ull << 30;
constexpr std::uint64_t kLargePage = 2ull << 20;
constexpr std::size_t kSpareDirectories = 8;
alignas(4096) std::uint64_t spare_directories[kSpareDirectories][512];
std::size_t spare_used = 0;

[[noreturn]] void halt_for_ever() {
  for (;;) asm volatile("cli; hlt");
}

std::uint16_t power_base() {
  pci::Device device{};
  if (pci::find(kIntel, kPiix4Power, &device) || pci::find(kIntel, kIch9Bridge, &device)) {
    const std::uint32_t base = pci::read(device, kPowerBase) & 0xff80;
    if (base != 0) return static_cast<std::uint16_t>(base);
  }
  return kUsualPowerBase;
}

}  // namespace

const char* boot_command_line() {
  const auto* information = reinterpret_cast<const BootInformation*>(std::uint64_t{boot_information});
  if (information == nullptr || (information->flags & kHasCommandLine) == 0) return "";
  return reinterpret_cast<const char*>(std::uint64_t{information->command_line});
}

void power_off() {
  interrupts_off();
  out16(static_cast<std::uint16_t>(power_base() + kControl), kSleepOff);
  halt_for_ever();
}

// The machine may have no such device: then nobody answers with the events that it knows.
void report_panic() {
  if ((in8(kPanicPort) & kPanicked) != 0 && in8(kPanicPort) != 0xff) out8(kPanicPort, kPanicked);
}

void reset_machine() {
  interrupts_off();
  out8(kResetControl, 2);
  out8(kResetControl, 6);
  halt_for_ever();
}

std::uint8_t read_cmos(std::uint8_t index) {
  out8(kCmosIndex, index);
  return in8(kCmosData);
}

void write_cmos(std::uint8_t index, std::uint8_t value) {
  out8(kCmosIndex, index);
  out8(kCmosData, value);
}

bool map_physical(std::uint64_t address, std::uint64_t bytes) {
  if (bytes == 0) return true;
  const std::uint64_t last = address + bytes - 1;
  if (last < address || last >= 512 * kGibibyte) return false;
  for (std::uint64_t piece = address / kGibibyte; piece <= last / kGibibyte; ++piece) {
    if (page_directory_pointers[piece] != 0) continue;
    if (spare_used == kSpareDirectories) return false;
    std::uint64_t* directory = spare_directories[spare_used++];
    for (std::uint64_t i = 0; i < 512; ++i) directory[i] = (piece * kGibibyte + i * kLargePage) | 0x83;
    page_directory_pointers[piece] = reinterpret_cast<std::uint64_t>(directory) | 3;
  }
  return true;
}

// The processor orders and caches by itself what is memory.
bool map_memory(std::uint64_t address, std::uint64_t bytes) {
  return map_physical(address, bytes);
}

}  // namespace guest

void guest_start() {
  guest::prepare_interrupts();
  guest_main();
  guest::power_off();
}
