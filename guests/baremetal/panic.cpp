// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "guests/baremetal/machine.h"
#include "guests/baremetal/print.h"

extern "C" void __cxa_pure_virtual();  // NOLINT: the name that the compiler calls

namespace guest {

void panic(const char* reason) {
  print("panic: {}\n", reason);
  report_panic();
  power_off();
}

}  // namespace guest

void __cxa_pure_virtual() {
  guest::panic("a pure virtual function was called");
}
