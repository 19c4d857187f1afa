// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The clocks that the life cycle is told.
#pragma once

#include <ctime>

#include "qvm/lifecycle/time.h"

namespace qvm::daemon {

inline std::int64_t clock_ms(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

inline lifecycle::Time now() {
  return {lifecycle::Ticks(clock_ms(CLOCK_BOOTTIME)), clock_ms(CLOCK_REALTIME)};
}

}  // namespace qvm::daemon
