// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Registers of the watchdog SP805.
#pragma once

#include <cstdint>

namespace guest::sp805 {

inline constexpr std::uint64_t kLoad = 0x00;
inline constexpr std::uint64_t kValue = 0x04;
inline constexpr std::uint64_t kControl = 0x08;
inline constexpr std::uint64_t kInterruptClear = 0x0c;
inline constexpr std::uint64_t kLock = 0xc00;
inline constexpr std::uint64_t kPeripheralId = 0xfe0;  // 4 of them, then 4 of the cell

inline constexpr std::uint32_t kInterruptEnable = 1;  // control
inline constexpr std::uint32_t kResetEnable = 2;
inline constexpr std::uint32_t kUnlock = 0x1acce551;

}  // namespace guest::sp805
