// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// idle: says that it runs and sleeps for ever, for tests and benches that start and stop VMs.
#include "guests/baremetal/cpu.h"
#include "guests/baremetal/machine.h"
#include "guests/baremetal/print.h"

void guest_main() {
  guest::print("idle\n");
  guest::wait_until([] { return false; });
}
