// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// When to try again what has failed.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace qvm {

// Some tries follow at once, later ones after a pause that doubles with each failure. Asks no clock: the
// caller says what time it is.
class RetryPause {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::milliseconds;

  struct Bounds {
    unsigned at_once = 0;  // failures in a row that are followed by a try without a pause
    Duration first{1000};  // the first pause
    Duration most{30'000};
    Duration calm{1000};  // without a failure, beyond the last pause: later failures are counted anew
  };

  explicit RetryPause(const Bounds& bounds) : x_bounds(bounds) {}

  // Notes a failure. Returns how long to wait before the next try.
  Duration failed(Time now) {
    if (x_in_a_row != 0 && now - x_last > x_pause + x_bounds.calm) x_in_a_row = 0;
    x_last = now;
    ++x_in_a_row;
    if (x_in_a_row <= x_bounds.at_once) {
      x_pause = Duration(0);
    } else {
      const bool first = x_in_a_row == x_bounds.at_once + 1;
      x_pause = std::min(first ? x_bounds.first : x_pause * 2, x_bounds.most);
    }
    return x_pause;
  }

 private:
  Bounds x_bounds;
  std::uint64_t x_in_a_row = 0;
  Time x_last{};
  Duration x_pause{};
};

}  // namespace qvm
