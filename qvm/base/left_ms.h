// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Deadlines for poll().
#pragma once

#include <algorithm>
#include <chrono>
#include <limits>

namespace qvm {

// The milliseconds until then, rounded up so that nobody looks again too early; 0 if it is over.
inline int left_ms(std::chrono::steady_clock::time_point deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
  return static_cast<int>(std::clamp<decltype(left)>(left, 0, std::numeric_limits<int>::max()));
}

}  // namespace qvm
