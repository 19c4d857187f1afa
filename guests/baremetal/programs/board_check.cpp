// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// board-check: looks at every device that the device tree names, where it says that it is, and tries it.
//   virtio=any|present   whether a virtio,mmio node may be without a device (default: present)
//   verbose=1            prints what was right, too
#include <cstddef>

#include "guests/abi/guest_shm.h"
#include "guests/baremetal/aarch64/board.h"
#include "guests/baremetal/aarch64/gic.h"
#include "guests/baremetal/aarch64/pl011.h"
#include "guests/baremetal/aarch64/processors.h"
#include "guests/baremetal/aarch64/sp805.h"
#include "guests/baremetal/checks.h"
#include "guests/baremetal/clock.h"
#include "guests/baremetal/command_line.h"
#include "guests/baremetal/cpu.h"
#include "guests/baremetal/interrupts.h"
#include "guests/baremetal/machine.h"
#include "guests/baremetal/print.h"
#include "guests/baremetal/shmem.h"

namespace {

using guest::AddressRange;
using guest::board;
using guest::BoardDevice;
using guest::Checks;
using guest::print;
using guest::read_at;
using guest::write_at;

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kMebibyte = 1ull << 20;
constexpr unsigned kTicks = 5;
constexpr std::uint32_t kTickMicroseconds = 2000;
constexpr std::uint64_t kPatienceMicroseconds = 1'000'000;

volatile unsigned ticks = 0;
volatile unsigned console_interrupts = 0;
unsigned processors_up = 0;

// False if it does not hold before patience ends. Interrupts are on meanwhile.
template <typename Condition>
bool comes_true(Condition condition) {
  const std::uint64_t deadline = guest::timestamp() + kPatienceMicroseconds * guest::timestamp_khz() / 1000;
  guest::interrupts_on();
  while (!condition() && guest::timestamp() < deadline) guest::pause();
  guest::interrupts_off();
  return condition();
}

// What identifies a PrimeCell: 4 bytes of the device, 4 of the cell, each in a word of its own.
std::uint64_t primecell_id(std::uint64_t registers, std::uint64_t offset) {
  std::uint64_t id = 0;
  for (unsigned i = 0; i < 8; ++i)
    id |= std::uint64_t{read_at<std::uint32_t>(registers + offset + 4 * i) & 0xff} << 8 * i;
  return id;
}
constexpr std::uint64_t kRevision = 0x00f00000;  // which does not count
constexpr std::uint64_t kPl011Id = 0xb105f00d'00041011;
constexpr std::uint64_t kSp805Id = 0xb105f00d'00041805;

// The first and the last page of every node, each by a word of its own at its ends; what was there comes
// back.
void check_memory(Checks& checks) {
  constexpr std::size_t kWords = 4;
  std::uint64_t saved[8][kWords];
  const auto place = [](const AddressRange& range, std::size_t word) {
    const std::uint64_t page = word < 2 ? range.address : range.address + range.size - kPage;
    return page + (word % 2 == 0 ? 0 : kPage - 8);
  };
  const auto pattern = [](std::uint64_t address) { return address ^ 0x5aa5c33c0ff01234; };
  const auto with_each = [&](auto work) {
    std::size_t node = 0;
    for (const AddressRange& range : board().memory) {
      for (std::size_t word = 0; word < kWords; ++word) work(place(range, word), saved[node][word]);
      ++node;
    }
  };
  for (const AddressRange& range : board().memory)
    print("board-check: memory at {x} size {} MiB\n", range.address, range.size / kMebibyte);
  checks.that("there is memory", board().memory.count > 0);
  with_each([](std::uint64_t at, std::uint64_t& kept) { kept = read_at<std::uint64_t>(at); });
  with_each([&](std::uint64_t at, std::uint64_t&) { write_at(at, pattern(at)); });
  unsigned wrong = 0;
  with_each([&](std::uint64_t at, std::uint64_t&) {
    if (read_at<std::uint64_t>(at) != pattern(at)) ++wrong;
  });
  with_each([](std::uint64_t at, std::uint64_t& kept) { write_at(at, kept); });
  checks.equal("words of memory that are not what was written", wrong, 0);
}

void check_gic(Checks& checks) {
  constexpr std::uint64_t kPeripheralId2 = 0xffe8;
  constexpr std::uint64_t kInterfaceId = 0xfc;
  const std::uint64_t distributor = board().distributor.address;
  const std::uint64_t processor_interface = board().processor_interface.address;
  if (board().gic_version != 3) {
    print("board-check: gic v2 at {x} processor interface {x}\n", distributor, processor_interface);
    // The distributor's identification is optional in version 2, and KVM's has none.
    const auto id = read_at<std::uint32_t>(processor_interface + kInterfaceId);
    checks.equal("version in the processor interface's own register", id >> 16 & 0xf, 2);
    return;
  }
  print("board-check: gic v3 at {x} redistributor {x}\n", distributor, guest::gic::redistributor());
  const auto id = read_at<std::uint32_t>(distributor + kPeripheralId2);
  checks.equal("version in the distributor's own register", id >> 4 & 0xf, 3);
  const auto own = read_at<std::uint32_t>(guest::gic::redistributor() + kPeripheralId2);
  checks.equal("version in the redistributor's own register", own >> 4 & 0xf, 3);
}

void check_timer(Checks& checks) {
  const std::uint64_t start = guest::timestamp();
  guest::start_timer(kTickMicroseconds, [] { ticks = ticks + 1; });
  const bool came = comes_true([] { return ticks >= kTicks; });
  guest::stop_timer();
  const std::uint64_t microseconds = (guest::timestamp() - start) * 1000 / guest::timestamp_khz();
  print("board-check: timer at {} kHz interrupt {}\n", guest::timestamp_khz(), board().timer_interrupt);
  checks.that("interrupts of the timer", came);
  checks.that("they do not come too early", microseconds >= kTicks * kTickMicroseconds);
}

// Masks its cause; a level-triggered interrupt would come for ever.
void on_console() {
  const std::uint64_t registers = board().console.registers.address;
  console_interrupts = console_interrupts + 1;
  write_at<std::uint32_t>(registers + guest::pl011::kInterruptMask, 0);
}

// Only of the console is known that its output may be disturbed.
void check_console_interrupt(Checks& checks) {
  const BoardDevice& console = board().console;
  const std::uint64_t registers = console.registers.address;
  checks.that("nothing pends before", !guest::gic::is_pending(console.interrupt));
  print("board-check: console\n");  // an empty transmitter is news only after something was sent
  write_at<std::uint32_t>(registers + guest::pl011::kInterruptMask, guest::pl011::kTransmitted);
  checks.that("pl011: its interrupt pends at the GIC",
              comes_true([&] { return guest::gic::is_pending(console.interrupt); }));
  guest::connect_pin(console.interrupt, guest::Trigger::level, on_console);
  checks.that("pl011: its interrupt arrives", comes_true([] { return console_interrupts > 0; }));
  guest::mask_pin(console.interrupt);
  write_at<std::uint32_t>(registers + guest::pl011::kInterruptClear, guest::pl011::kTransmitted);
  checks.equal("pl011: interrupts", console_interrupts, 1);
  checks.that("pl011: nothing pends afterwards", !guest::gic::is_pending(console.interrupt));
}

void check_serials(Checks& checks) {
  for (const BoardDevice& serial : board().serials) {
    const std::uint64_t registers = serial.registers.address;
    print("board-check: pl011 at {x} interrupt {}\n", registers, serial.interrupt);
    checks.equal("pl011: identification", primecell_id(registers, guest::pl011::kPeripheralId) & ~kRevision,
                 kPl011Id);
    checks.that("pl011: has an interrupt", serial.interrupt != 0);
  }
  if (board().console.interrupt != 0) check_console_interrupt(checks);
}

void check_virtio(Checks& checks) {
  constexpr std::uint32_t kMagic = 0x74726976;
  const guest::OptionText wanted = guest::option("virtio", "present");
  const bool may_be_empty = guest::same_text(wanted.text, "any");
  if (!may_be_empty && !guest::same_text(wanted.text, "present"))
    guest::panic("virtio=any or virtio=present");
  for (const BoardDevice& virtio : board().virtio) {
    const std::uint64_t registers = virtio.registers.address;
    const auto magic = read_at<std::uint32_t>(registers);
    const auto version = read_at<std::uint32_t>(registers + 4);
    const auto device = read_at<std::uint32_t>(registers + 8);
    if (device != 0 || !may_be_empty)
      print("board-check: virtio at {x} interrupt {} version {} device {}\n", registers, virtio.interrupt,
            version, device);
    checks.equal("virtio: magic", magic, kMagic);
    checks.that("virtio: version", version == 1 || version == 2);
    checks.that("virtio: has an interrupt", virtio.interrupt != 0);
    if (!may_be_empty) checks.that("virtio: there is a device", device != 0);
  }
}

void check_watchdog(Checks& checks) {
  namespace sp805 = guest::sp805;
  const BoardDevice& watchdog = board().watchdog;
  if (!watchdog.present()) return;
  const std::uint64_t registers = watchdog.registers.address;
  print("board-check: sp805 at {x} interrupt {}\n", registers, watchdog.interrupt);
  checks.equal("sp805: identification", primecell_id(registers, sp805::kPeripheralId) & ~kRevision, kSp805Id);
  write_at<std::uint32_t>(registers + sp805::kLock, sp805::kUnlock);
  checks.equal("sp805: unlocked", read_at<std::uint32_t>(registers + sp805::kLock), 0);
  write_at<std::uint32_t>(registers + sp805::kLoad, ~0u);
  checks.equal("sp805: load", read_at<std::uint32_t>(registers + sp805::kLoad), ~0u);
  write_at<std::uint32_t>(registers + sp805::kControl, sp805::kInterruptEnable);
  const auto first = read_at<std::uint32_t>(registers + sp805::kValue);
  checks.that("sp805: counts down",
              comes_true([&] { return read_at<std::uint32_t>(registers + sp805::kValue) < first; }));
  write_at<std::uint32_t>(registers + sp805::kControl, 0);
  write_at<std::uint32_t>(registers + sp805::kLock, 0);
  checks.equal("sp805: locked", read_at<std::uint32_t>(registers + sp805::kLock), 1);
}

void check_shmem(Checks& checks) {
  const BoardDevice& shmem = board().shmem;
  if (!shmem.present()) return;
  print("board-check: shmem at {x} interrupt {}\n", shmem.registers.address, shmem.interrupt);
  const guest::ShmemDevice device = guest::ShmemDevice::from_command_line();
  checks.equal("shmem: the device's own vector",
               read_at<std::uint32_t>(device.factory() + GUEST_SHM_FACTORY_VECTOR), shmem.interrupt);
  guest::AttachResult result = device.attach("board-check", 1);
  checks.equal("shmem: attach", result.status, GSS_OK);
  if (result.status != GSS_OK) return;
  write_at<std::uint64_t>(result.connection.data(), 0x1234);
  checks.equal("shmem: data", read_at<std::uint64_t>(result.connection.data()), 0x1234);
  result.connection.detach();
  checks.equal("shmem: detached", device.find(0).status, GSS_DOES_NOT_EXIST);
}

void check_processors(Checks& checks) {
  const std::size_t count = board().processors.count;
  unsigned started = 1;
  while (started < count &&
         guest::start_processor(started, [] { __atomic_fetch_add(&processors_up, 1, __ATOMIC_SEQ_CST); })) {
    ++started;
  }
  print("board-check: processors {} of {}\n", started, count);
  checks.equal("processors that came up", started, count);
  checks.that("and worked",
              comes_true([&] { return __atomic_load_n(&processors_up, __ATOMIC_SEQ_CST) == started - 1; }));
}

}  // namespace

void guest_main() {
  Checks checks("board-check");
  check_memory(checks);
  check_gic(checks);
  check_timer(checks);
  check_serials(checks);
  check_virtio(checks);
  check_watchdog(checks);
  check_shmem(checks);
  check_processors(checks);
  checks.summarize();
}
