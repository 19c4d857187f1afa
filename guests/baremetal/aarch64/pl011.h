// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Registers of the serial line PL011.
#pragma once

#include <cstdint>

namespace guest::pl011 {

inline constexpr std::uint64_t kData = 0x00;
inline constexpr std::uint64_t kFlags = 0x18;
inline constexpr std::uint64_t kLineControl = 0x2c;
inline constexpr std::uint64_t kControl = 0x30;
inline constexpr std::uint64_t kInterruptMask = 0x38;
inline constexpr std::uint64_t kInterruptClear = 0x44;
inline constexpr std::uint64_t kPeripheralId = 0xfe0;  // 4 of them, then 4 of the cell

inline constexpr std::uint32_t kReceiveEmpty = 1u << 4;  // flags
inline constexpr std::uint32_t kTransmitFull = 1u << 5;
inline constexpr std::uint32_t kReceived = 1u << 4;  // interrupts
inline constexpr std::uint32_t kTransmitted = 1u << 5;
inline constexpr std::uint32_t kReceiveTimeout = 1u << 6;

}  // namespace guest::pl011
