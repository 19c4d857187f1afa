// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Power states of machine and processors, by the calls that the device tree names.
#pragma once

#include <cstdint>

namespace guest {

inline constexpr std::uint32_t kPsciSystemOff = 0x84000008;
inline constexpr std::uint32_t kPsciSystemReset = 0x84000009;
inline constexpr std::uint32_t kPsciProcessorOn = 0xc4000003;

// Not 0: refused, or the machine has no PSCI.
std::int64_t psci_call(std::uint32_t function, std::uint64_t first = 0, std::uint64_t second = 0,
                       std::uint64_t third = 0);

}  // namespace guest
