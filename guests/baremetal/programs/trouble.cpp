// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// trouble: ends in a way that no guest should, for tests of what is then said about it.
//   how=panic        tells the machine's panic device that the kernel has panicked
//   how=unsupported  executes at an address where there is no memory, which no hypervisor emulates
//   how=watchdog    starts the watchdog without any time
//   how=store        stores value=V into the 4 bytes at address=A, for a device that takes it amiss
#include "guests/baremetal/command_line.h"
#include "guests/baremetal/cpu.h"
#include "guests/baremetal/machine.h"
#include "guests/baremetal/print.h"

namespace {

constexpr std::uint16_t kPanicPort = 0x505;
constexpr std::uint8_t kPanicked = 1;
constexpr std::uint16_t kWatchdogStart = 0x443;  // iBASE 700
constexpr std::uint8_t kNoTime = 0x0f;
// In the PCI hole below the I/O APIC, where no device is.
constexpr std::uint64_t kNoMemory = 0xfeb00000;

}  // namespace

void guest_main() {
  const guest::OptionText how = guest::option("how", "panic");
  guest::print("trouble: {}\n", how.text);
  if (guest::same_text(how.text, "panic")) {
    guest::out8(kPanicPort, kPanicked);
  } else if (guest::same_text(how.text, "unsupported")) {
    reinterpret_cast<void (*)()>(kNoMemory)();
  } else if (guest::same_text(how.text, "watchdog")) {
    guest::out8(kWatchdogStart, kNoTime);
  } else if (guest::same_text(how.text, "store")) {
    guest::write_at(guest::option_number("address", 0),
                    static_cast<std::uint32_t>(guest::option_number("value", 0)));
  } else {
    guest::panic("how=?");
  }
  guest::wait_until([] { return false; });
}
