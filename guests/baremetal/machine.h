// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The machine around the processor: the end, the fresh start, and memory that survives the latter.
#pragma once

#include <cstdint>

namespace guest {

// Powers the machine off through ACPI; the VMM's process ends. Works on `pc` (PIIX4) and `q35` (ICH9).
[[noreturn]] void power_off();

// Hard reset through port 0xcf9: the machine starts anew, the guest is loaded again.
[[noreturn]] void reset_machine();

// Prints the reason and powers off: for what must not happen.
[[noreturn]] void panic(const char* reason);

// A byte of the real-time clock's memory: survives a reset, not the end of the VMM's process. index:
// 0x40..0x4f, which neither the firmware nor the machine uses.
std::uint8_t read_cmos(std::uint8_t index);
void write_cmos(std::uint8_t index, std::uint8_t value);

// Makes physical addresses [address, address + bytes) usable. Everything below 4 GiB always is; above that
// there is room for 8 GiB-sized pieces. False if there is no room left.
bool map_physical(std::uint64_t address, std::uint64_t bytes);

}  // namespace guest

// A guest's program. When it returns, the machine is powered off.
void guest_main();
