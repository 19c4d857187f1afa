// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Waiting for a descriptor until a deadline, which no signal brings forward.
#pragma once

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <limits>

namespace qvm {

// The milliseconds until then, rounded up so that nobody looks again too early; 0 if it is over.
inline int left_ms(std::chrono::steady_clock::time_point deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
  return static_cast<int>(std::clamp<decltype(left)>(left, 0, std::numeric_limits<int>::max()));
}

// Until one of the events (POLLIN, POLLOUT) has come, or the descriptor is hung up or in error, which reading
// or writing then tells; false at the deadline. Of a descriptor of a process POLLIN means that it has ended.
// A descriptor that is none (-1) is waited for in vain.
inline bool wait_for(int fd, short events, std::chrono::steady_clock::time_point deadline) {
  pollfd waiting{fd, events, 0};
  int ready = 0;
  while ((ready = ::poll(&waiting, 1, left_ms(deadline))) < 0 && errno == EINTR) {
  }
  return ready > 0;
}
inline bool wait_for(int fd, short events, std::chrono::milliseconds time) {
  return wait_for(fd, events, std::chrono::steady_clock::now() + time);
}

}  // namespace qvm
