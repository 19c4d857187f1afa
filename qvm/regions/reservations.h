// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Memory of big regions is reserved on threads of its own: zeroing gigabytes for one client keeps no other
// waiting.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <thread>

#include "qvm/base/event_loop.h"
#include "qvm/base/result.h"
#include "qvm/base/unique_fd.h"

namespace qvm::regions {

// Members are for the loop's thread.
class Reservations {
 public:
  // Called on the loop's thread.
  using Done = std::function<void(Result<UniqueFd> memory)>;

  // The loop must outlive it.
  explicit Reservations(EventLoop& loop) : x_loop(loop) {}
  // Waits for what is under way; no Done is called any more.
  ~Reservations() = default;
  Reservations(const Reservations&) = delete;
  Reservations& operator=(const Reservations&) = delete;

  // Makes create_memory(label, bytes). One at a time for each key, and kAtOnce in all; others wait their
  // turn.
  void start(std::string key, std::string label, std::uint64_t bytes, Done done);

  static constexpr std::size_t kAtOnce = 4;

 private:
  struct Job {
    std::string key;
    std::string label;
    std::uint64_t bytes = 0;
    Done done;
  };
  void start_waiting();
  void finish(std::uint64_t number, Result<UniqueFd> memory);

  EventLoop& x_loop;
  std::deque<Job> x_waiting;
  std::set<std::string> x_busy_keys;
  std::map<std::uint64_t, Job> x_running;
  std::uint64_t x_next = 0;
  std::map<std::uint64_t, std::jthread> x_threads;  // last: they end first
};

}  // namespace qvm::regions
