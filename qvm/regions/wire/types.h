// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Numbers that guests, host programs and qvm-regiond agree on.
#pragma once

#include <cstddef>
#include <cstdint>

namespace qvm::regions {

inline constexpr unsigned kMaxClients = 16;  // per region; indices 0..15
inline constexpr std::uint32_t kPageBytes = 4096;
inline constexpr std::size_t kMaxNameBytes = 31;
inline constexpr std::uint32_t kModeBits = 0666;     // execute bits mean nothing
inline constexpr std::uint32_t kDefaultMode = 0666;  // what mode 0 in an attach request stands for

// Result of an operation as the guest reads it at offset 0x14 of the factory page.
enum class Status : std::uint32_t {
  ok = 0,
  unknown_failure = 1,
  no_memory = 2,
  client_max = 3,
  illegal_name = 4,
  no_permission = 5,
  does_not_exist = 6
};

}  // namespace qvm::regions
