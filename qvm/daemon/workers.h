// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Threads for calls that block, with their results brought back to the event loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <thread>

#include "qvm/base/event_loop.h"

namespace qvm::daemon {

// For the loop's thread. The destructor waits for what still runs.
class Workers {
 public:
  explicit Workers(EventLoop& loop) : x_loop(loop) {}

  // Runs work on a thread of its own, or here if the host gives no thread; then `then` on the loop's thread.
  void run(std::function<void()> work, std::function<void()> then);
  bool busy() const { return !x_threads.empty(); }

 private:
  EventLoop& x_loop;
  std::uint64_t x_next = 0;
  std::map<std::uint64_t, std::jthread> x_threads;
};

}  // namespace qvm::daemon
