// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Memory that survives a reset.
#pragma once

#include <cstdint>

namespace guest {

// A byte of the real-time clock's memory: survives a reset, not the end of the VMM's process. index:
// 0x40..0x4f, which neither the firmware nor the machine uses.
std::uint8_t read_cmos(std::uint8_t index);
void write_cmos(std::uint8_t index, std::uint8_t value);

}  // namespace guest
