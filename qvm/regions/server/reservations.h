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
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "qvm/base/event_loop.h"
#include "qvm/base/result.h"
#include "qvm/regions/server/memory.h"

namespace qvm::regions {

// Members are for the loop's thread.
class Reservations {
 public:
  using Number = std::uint64_t;  // of a reservation; never 0
  // Makes one region's memory, on any thread; fails soon once it is cancelled.
  using Reserve = std::function<Result<ReservedMemory>(const MemorySpec&, const std::stop_token& cancelled)>;
  using Memories = std::vector<ReservedMemory>;  // in the order in which they were asked for
  // Called on the loop's thread.
  using Done = std::function<void(Result<Memories> memories)>;

  // The loop must outlive it.
  explicit Reservations(EventLoop& loop, Reserve reserve = reserve_memory)
      : x_loop(loop), x_reserve(std::move(reserve)) {}
  // Cancels what is under way and waits for it; no Done is called any more.
  ~Reservations() = default;
  Reservations(const Reservations&) = delete;
  Reservations& operator=(const Reservations&) = delete;

  // Reserves all of it, or nothing. One at a time for each key, and kAtOnce in all; others wait their turn.
  Number start(std::string key, std::vector<MemorySpec> wanted, Done done);
  // Nobody wants it any more. Its Done may be called all the same.
  void cancel(Number number);

  static constexpr std::size_t kAtOnce = 4;

 private:
  struct Job {
    Number number = 0;
    std::string key;
    std::vector<MemorySpec> wanted;
    Done done;
  };
  void start_waiting();
  void run(Job job);
  void finish(Number number, Result<Memories> memories);

  EventLoop& x_loop;
  Reserve x_reserve;
  std::deque<Job> x_waiting;
  std::set<std::string> x_busy_keys;
  std::map<Number, Job> x_running;
  Number x_next = 1;
  std::map<Number, std::jthread> x_threads;  // last: they end first
};

}  // namespace qvm::regions
