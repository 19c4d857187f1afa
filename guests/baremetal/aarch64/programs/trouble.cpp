// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "guests/baremetal/programs/trouble.h"

#include "guests/baremetal/aarch64/board.h"
#include "guests/baremetal/aarch64/sp805.h"
#include "guests/baremetal/command_line.h"
#include "guests/baremetal/cpu.h"
#include "guests/baremetal/machine.h"
#include "guests/baremetal/print.h"

namespace trouble {
namespace {

// Stores of 4 bytes that no syndrome describes: the address register changes, or there are two values. KVM
// cannot emulate them.
void store_undescribed(const char* how) {
  std::uint64_t address = guest::option_number("address", 0);
  if (guest::same_text(how, "post-indexed")) {
    asm volatile("str wzr, [%0], #4" : "+r"(address) : : "memory");
  } else {
    asm volatile("stp wzr, wzr, [%0]" : : "r"(address) : "memory");
  }
  guest::print("trouble: stored\n");
  guest::power_off();
}

}  // namespace

bool of_machine(const char* how) {
  if (guest::same_text(how, "unsupported")) {
    std::uint64_t address = guest::option_number("address", 0);
    std::uint32_t value;
    asm volatile("ldr %w0, [%1], #4" : "=r"(value), "+r"(address) : : "memory");
  } else if (guest::same_text(how, "post-indexed") || guest::same_text(how, "paired")) {
    store_undescribed(how);
  } else if (guest::same_text(how, "exception")) {
    asm volatile("udf #0");
  } else if (guest::same_text(how, "watchdog")) {
    const std::uint64_t base = guest::board().watchdog.registers.address;
    if (base == 0) guest::panic("the device tree names no watchdog");
    guest::write_at<std::uint32_t>(base + guest::sp805::kLock, guest::sp805::kUnlock);
    guest::write_at<std::uint32_t>(base + guest::sp805::kLoad, 1);
    guest::write_at<std::uint32_t>(base + guest::sp805::kControl,
                                   guest::sp805::kInterruptEnable | guest::sp805::kResetEnable);
  } else {
    return false;
  }
  return true;
}

}  // namespace trouble
