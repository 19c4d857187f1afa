// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The register layout of ARM's SP805, as the guest sees it: words of 4 bytes.
#pragma once

#include <cstdint>

namespace qvm::sp805 {

inline constexpr std::uint64_t kPageBytes = 4096;

inline constexpr std::uint64_t kLoad = 0x00;             // WDOGLOAD; a store restarts the counter from it
inline constexpr std::uint64_t kValue = 0x04;            // WDOGVALUE, read-only
inline constexpr std::uint64_t kControl = 0x08;          // WDOGCONTROL
inline constexpr std::uint64_t kInterruptClear = 0x0c;   // WDOGINTCLR, write-only; restarts the counter, too
inline constexpr std::uint64_t kRawStatus = 0x10;        // WDOGRIS, read-only
inline constexpr std::uint64_t kMaskedStatus = 0x14;     // WDOGMIS, read-only
inline constexpr std::uint64_t kLock = 0xc00;            // WDOGLOCK; reads 1 while locked
inline constexpr std::uint64_t kIdentification = 0xfe0;  // 8 read-only words, one byte in each

// WDOGCONTROL.
inline constexpr std::uint32_t kInterruptEnable = 1;  // INTEN: it counts, and its interrupt gets out
inline constexpr std::uint32_t kResetEnable = 2;      // RESEN: it bites

inline constexpr std::uint32_t kUnlock = 0x1acce551;
inline constexpr std::uint32_t kLoadAtReset = 0xffffffff;

}  // namespace qvm::sp805
