// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "guests/baremetal/programs/trouble.h"

#include "guests/baremetal/command_line.h"
#include "guests/baremetal/cpu.h"

namespace trouble {
namespace {

constexpr std::uint16_t kPanicPort = 0x505;
constexpr std::uint8_t kPanicked = 1;
constexpr std::uint16_t kWatchdogStart = 0x443;  // iBASE 700
constexpr std::uint8_t kNoTime = 0x0f;
// In the PCI hole below the I/O APIC, where no device is.
constexpr std::uint64_t kNoMemory = 0xfeb00000;

}  // namespace

bool of_machine(const char* how) {
  if (guest::same_text(how, "panic")) {
    guest::out8(kPanicPort, kPanicked);
  } else if (guest::same_text(how, "unsupported")) {
    reinterpret_cast<void (*)()>(kNoMemory)();
  } else if (guest::same_text(how, "watchdog")) {
    guest::out8(kWatchdogStart, kNoTime);
  } else {
    return false;
  }
  return true;
}

}  // namespace trouble
