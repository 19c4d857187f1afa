// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The one thread in which the vdevs of a VM hear of their descriptors and timers.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "qvm/base/result.h"
#include "qvm/base/unique_fd.h"

namespace qvm::vmhost {

// What the thread does around a round of callbacks: takes and gives back QEMU's lock, or nothing.
struct CallbackLock {
  std::function<void()> lock = [] {};
  std::function<void()> unlock = [] {};
  std::function<void()> thread_begin = [] {};  // once, in the new thread
};

// All members may be called from any thread, callbacks included; none waits for a callback, but halt().
// Callbacks run one at a time, with CallbackLock held and no lock of this class held.
class EventThread {
 public:
  using Clock = std::chrono::steady_clock;
  using Callback = std::function<void()>;
  using TimerId = std::uint64_t;

  static Result<std::unique_ptr<EventThread>> create(CallbackLock lock);
  ~EventThread();  // halts, with wait
  EventThread(const EventThread&) = delete;
  EventThread& operator=(const EventThread&) = delete;

  // Begins to call back. Signals are blocked in the thread.
  Result<void> start();

  enum class Wait { yes, no };
  // No callback begins after this returned. With Wait::yes the thread has ended; with Wait::no it may still
  // be waiting for CallbackLock, which is what a caller that holds that lock wants: the object must then
  // never be destroyed.
  void halt(Wait wait);

  // Calls back while fd is readable. Fails with the errno of epoll_ctl (EEXIST: watched already).
  Result<void> watch(int fd, Callback callback);
  void unwatch(int fd);

  // Calls back once, at the earliest after delay. Never returns 0.
  TimerId start_timer(std::chrono::nanoseconds delay, Callback callback);
  void cancel_timer(TimerId timer);

 private:
  struct Timer {
    TimerId id = 0;
    Callback callback;
  };

  explicit EventThread(CallbackLock lock) : x_lock(std::move(lock)) {}
  void run();
  void run_round(const int* ready, int count);
  int timeout_ms();
  void wake() const;
  bool stopping();

  const CallbackLock x_lock;
  UniqueFd x_epoll;
  UniqueFd x_wake;
  std::thread x_thread;
  std::mutex x_mutex;
  std::map<int, std::shared_ptr<Callback>> x_watches;             // guarded by x_mutex
  std::multimap<Clock::time_point, Timer> x_timers;               // guarded by x_mutex
  Clock::time_point x_sleeping_until = Clock::time_point::min();  // guarded by x_mutex
  TimerId x_next_timer = 1;                                       // guarded by x_mutex
  bool x_stopping = false;                                        // guarded by x_mutex
};

}  // namespace qvm::vmhost
