// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Time as the life cycle sees it: always given, never asked for.
#pragma once

#include <chrono>
#include <cstdint>

namespace qvm::lifecycle {

// Since the host was booted, its sleep included. Nobody sets it, and it goes on from one qvmd to the next.
using Ticks = std::chrono::milliseconds;

struct Time {
  Ticks ticks{};
  std::int64_t wall_ms =
      0;  // since 1970; for people, and set by them: no deadline is counted by it; 0: not known

  bool operator==(const Time&) const = default;
};

}  // namespace qvm::lifecycle
