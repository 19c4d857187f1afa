// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The time of day, as states and records have it.
#pragma once

#include <chrono>
#include <cstdint>

namespace qvm::daemon {

// Milliseconds since 1970.
inline std::int64_t now_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

// Seconds since 1970.
inline std::int64_t now() {
  return now_ms() / 1000;
}

}  // namespace qvm::daemon
