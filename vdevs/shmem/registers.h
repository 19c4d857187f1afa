// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The register layout of vdev shmem, as the guest sees it. Little-endian.
#pragma once

#include <cstdint>

namespace qvm::shmem {

inline constexpr std::uint64_t kPageBytes = 4096;

// Factory page.
inline constexpr std::uint64_t kSignature = 0x00;  // 8, read-only
inline constexpr std::uint64_t kShmem = 0x08;      // 8, read-only
inline constexpr std::uint64_t kVector = 0x10;     // 4, read-only
inline constexpr std::uint64_t kStatus = 0x14;     // 4, read-only
inline constexpr std::uint64_t kSize = 0x18;       // 4, a store attaches
inline constexpr std::uint64_t kName = 0x1c;       // 32
inline constexpr std::uint64_t kFind = 0x3c;       // 4, a store looks up
inline constexpr std::uint64_t kFlags = 0x40;      // 4
inline constexpr std::uint64_t kFactoryEnd = 0x44;

inline constexpr std::uint64_t kNameBytes = 32;
inline constexpr std::uint64_t kSignatureValue = 0x4d534732474d5651;  // "QVMG2GSM"

// Control page.
inline constexpr std::uint64_t kControlStatus = 0x0;  // 4, read-only, reading clears
inline constexpr std::uint64_t kControlIndex = 0x4;   // 4, read-only
inline constexpr std::uint64_t kControlNotify = 0x8;  // 4, write-only
inline constexpr std::uint64_t kControlDetach = 0xc;  // 4, write-only
inline constexpr std::uint64_t kControlEnd = 0x10;

}  // namespace qvm::shmem
