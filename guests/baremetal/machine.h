// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The machine around the processor: the beginning, the end, and the fresh start.
#pragma once

#include <cstdint>

namespace guest {

// What the boot loader gave the guest to read; "" if it gave nothing. See command_line.h for its words.
const char* boot_command_line();

// Powers the machine off; the VMM's process ends. x86-64: through ACPI, works on `pc` (PIIX4) and `q35`
// (ICH9). aarch64: through PSCI.
[[noreturn]] void power_off();

// The machine starts anew, the guest is loaded again. x86-64: hard reset through port 0xcf9. aarch64: PSCI.
[[noreturn]] void reset_machine();

// Tells the VMM that the guest has panicked, if the machine has a device for that, which a board has not.
void report_panic();

// Prints the reason, reports it and powers off: for what must not happen.
[[noreturn]] void panic(const char* reason);

// Makes physical addresses [address, address + bytes) of a device usable, for accesses of cpu.h. x86-64: all
// below 4 GiB always is; above that there is room for 8 pieces of 1 GiB. aarch64: all below 512 GiB is. False
// if there is no room left. What map_memory() was told of ends being memory by this.
bool map_physical(std::uint64_t address, std::uint64_t bytes);

// The same for memory that C++ objects may live in: cached, in any alignment, with atomic operations. bytes
// are rounded up to whole pages of 4 KiB; address: a multiple of that.
bool map_memory(std::uint64_t address, std::uint64_t bytes);

}  // namespace guest

// A guest's program. When it returns, the machine is powered off.
void guest_main();
