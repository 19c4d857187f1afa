// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Rings doorbells whose receiver makes ringing slow.
//
// Waking up is done by whoever rings: a write to an eventfd walks through everybody who polls the other end.
// A hostile receiver can poll it a million times over, from many threads, and make each ring take as long as
// it likes. So a sender notices which of its doorbells strain it, and has them rung by a thread that nobody
// waits for.
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "qvm/base/unique_fd.h"
#include "qvm/regions/wire/types.h"

namespace qvm::regions {

// Writes to the eventfd; true if it could be. Does not wait for anybody, but may take long.
bool ring_doorbell(int doorbell);

// One thread, started by the first ring. Members are for any thread.
class Ringer {
 public:
  Ringer() = default;
  // Waits for the ring that is under way; the others are not done any more.
  ~Ringer();
  Ringer(const Ringer&) = delete;
  Ringer& operator=(const Ringer&) = delete;

  // Rings at least once from now on; rings of one doorbell that are not begun yet are one. Rings itself if
  // there can be no thread.
  void ring(const std::shared_ptr<UniqueFd>& doorbell);

 private:
  bool start();
  void work();

  std::mutex x_mutex;
  std::condition_variable x_changed;
  std::deque<std::shared_ptr<UniqueFd>> x_waiting;  // guarded by x_mutex
  bool x_ending = false;                            // guarded by x_mutex
  std::thread x_thread;                             // guarded by x_mutex until x_ending
};

// Which receivers make waking them slow, by the processor time that it took: being interrupted is nobody's
// fault. One that becomes quick again is still slow.
class Strain {
 public:
  using Duration = std::chrono::nanoseconds;

  bool is_slow(unsigned index) const { return (x_slow >> index & 1U) != 0; }
  // What the last measure() of a slow receiver took; 0: it was not timed.
  Duration last() const { return x_last; }
  void note(unsigned index, Duration took);
  // Returns what work(), which wakes the receiver of this index, returns. Asking a clock may cost as much as
  // waking: one in kSample is timed, by the clock on the wall, and all of a receiver who was slow by that, by
  // processor time, until it has been quick for a while.
  template <class Work>
  auto measure(unsigned index, const Work& work) {
    const bool suspect = (x_suspects >> index & 1U) != 0;
    x_last = {};
    if (!suspect && x_count[index]++ % kSample != 0) return work();
    const Duration start = now(suspect);
    auto result = work();
    timed(index, suspect, now(suspect) - start);
    return result;
  }

 private:
  static constexpr unsigned kSample = 16;
  static Duration now(bool of_this_thread);
  void timed(unsigned index, bool suspect, Duration took);

  std::array<Duration, kMaxClients> x_strain{};  // of late
  Duration x_last{};
  // Rings; of a suspect, those that were quick in a row.
  std::array<std::uint8_t, kMaxClients> x_count{};
  std::uint32_t x_suspects = 0;
  std::uint32_t x_slow = 0;
};

}  // namespace qvm::regions
