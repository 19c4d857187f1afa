// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// trouble: ends in a way that no guest should, for tests of what is then said about it.
//   how=panic        x86-64: tells the machine's panic device that the kernel has panicked
//   how=unsupported  does what no hypervisor emulates. x86-64: executes at an address where there is no
//   memory;
//                    aarch64: a load at address=A that changes its address register, where no memory is
//   how=watchdog     starts the watchdog with hardly any time
//   how=post-indexed, how=paired   aarch64: store 4 bytes of zeros at address=A, by an instruction that
//   changes its
//                    address register; 8 bytes by one that stores two registers. Ends well where that works.
//   how=exception    aarch64: executes an undefined instruction
//   how=reset        resets the machine
//   how=store        stores value=V into the 4 bytes at address=A, for a device that takes it amiss
#include "guests/baremetal/programs/trouble.h"

#include "guests/baremetal/command_line.h"
#include "guests/baremetal/cpu.h"
#include "guests/baremetal/machine.h"
#include "guests/baremetal/print.h"

void guest_main() {
  const guest::OptionText how = guest::option("how", "panic");
  guest::print("trouble: {}\n", how.text);
  if (guest::same_text(how.text, "store")) {
    guest::write_at(guest::option_number("address", 0),
                    static_cast<std::uint32_t>(guest::option_number("value", 0)));
  } else if (guest::same_text(how.text, "reset")) {
    guest::reset_machine();
  } else if (!trouble::of_machine(how.text)) {
    guest::panic("how=?");
  }
  guest::wait_until([] { return false; });
}
