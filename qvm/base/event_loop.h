// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// One epoll loop: descriptors, timers and a stop request, for programs that do everything on one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "qvm/base/result.h"

namespace qvm {

// All members are for the thread that calls run(), except post() and stop(), which any thread may call.
class EventLoop {
 public:
  using FdHandler = std::function<void(std::uint32_t events)>;  // EPOLL* bits
  using Task = std::function<void()>;
  using TimerId = std::uint64_t;

  static Result<std::unique_ptr<EventLoop>> create();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Calls handler whenever one of events (EPOLLIN, EPOLLOUT, …) holds. The descriptor stays the caller's and
  // must be removed before it is closed. A handler may add and remove any descriptor, its own included.
  Result<void> watch(int fd, std::uint32_t events, FdHandler handler);
  Result<void> modify(int fd, std::uint32_t events);
  void unwatch(int fd);

  // Runs task once, at the earliest after delay.
  TimerId after(std::chrono::milliseconds delay, Task task);
  void cancel(TimerId timer);

  // Runs task on the loop's thread; from any thread, also before run().
  void post(Task task);

  // Called whenever the loop is about to wait, and before run() returns.
  void before_waiting(Task task);

  // Returns after stop(); what was posted before stop() has run. May be called again.
  Result<void> run();
  void stop();

 private:
  struct Impl;
  explicit EventLoop(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> x_impl;
};

}  // namespace qvm
