// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/vmhost/event_thread.h"

#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>
#include <vector>

namespace qvm::vmhost {

namespace {
constexpr int kEventsPerRound = 32;
}

Result<std::unique_ptr<EventThread>> EventThread::create(CallbackLock lock) {
  std::unique_ptr<EventThread> events(new EventThread(std::move(lock)));
  events->x_epoll.reset(::epoll_create1(EPOLL_CLOEXEC));
  if (!events->x_epoll) return fail_errno("create an epoll instance");
  events->x_wake.reset(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!events->x_wake) return fail_errno("create an eventfd");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = events->x_wake.get();
  if (::epoll_ctl(events->x_epoll.get(), EPOLL_CTL_ADD, events->x_wake.get(), &event) != 0) {
    return fail_errno("watch an eventfd");
  }
  return events;
}

EventThread::~EventThread() {
  halt(Wait::yes);
}

Result<void> EventThread::start() {
  // A thread inherits the mask: QEMU expects its signals in its own main thread.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  Result<void> result;
  try {
    x_thread = std::thread([this] { run(); });
    ::pthread_setname_np(x_thread.native_handle(), "qvm-events");
  } catch (const std::system_error& error) {
    result = fail_errno("start the event thread", error.code().value());
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return result;
}

void EventThread::halt(Wait wait) {
  {
    const std::lock_guard guard(x_mutex);
    x_stopping = true;
  }
  wake();
  if (!x_thread.joinable()) return;
  if (wait == Wait::yes) {
    x_thread.join();
  } else {
    x_thread.detach();
  }
}

Result<void> EventThread::watch(int fd, Callback callback) {
  const std::lock_guard guard(x_mutex);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (::epoll_ctl(x_epoll.get(), EPOLL_CTL_ADD, fd, &event) != 0) return fail_errno("watch a descriptor");
  x_watches[fd] = std::make_shared<Callback>(std::move(callback));
  return {};
}

void EventThread::unwatch(int fd) {
  const std::lock_guard guard(x_mutex);
  if (x_watches.erase(fd) != 0) ::epoll_ctl(x_epoll.get(), EPOLL_CTL_DEL, fd, nullptr);
}

EventThread::TimerId EventThread::start_timer(std::chrono::nanoseconds delay, Callback callback) {
  const Clock::time_point due = Clock::now() + delay;
  bool too_late = false;
  TimerId id = 0;
  {
    const std::lock_guard guard(x_mutex);
    id = x_next_timer++;
    x_timers.emplace(due, Timer{id, std::move(callback)});
    too_late = due < x_sleeping_until;
  }
  if (too_late) wake();
  return id;
}

void EventThread::cancel_timer(TimerId timer) {
  const std::lock_guard guard(x_mutex);
  std::erase_if(x_timers, [timer](const auto& entry) { return entry.second.id == timer; });
}

void EventThread::wake() const {
  const std::uint64_t one = 1;
  // A full counter means that the thread is about to wake anyway.
  [[maybe_unused]] const auto written = ::write(x_wake.get(), &one, sizeof one);
}

bool EventThread::stopping() {
  const std::lock_guard guard(x_mutex);
  return x_stopping;
}

int EventThread::timeout_ms() {
  const std::lock_guard guard(x_mutex);
  if (x_timers.empty()) {
    x_sleeping_until = Clock::time_point::max();
    return -1;
  }
  x_sleeping_until = x_timers.begin()->first;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(x_sleeping_until - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000));
}

void EventThread::run_round(const int* ready, int count) {
  for (int i = 0; i < count; ++i) {
    std::shared_ptr<Callback> callback;
    {
      const std::lock_guard guard(x_mutex);
      const auto found = x_watches.find(ready[i]);
      if (x_stopping) return;
      if (found == x_watches.end()) continue;  // unwatched since
      callback = found->second;
    }
    (*callback)();
  }
  // Only what is due now: a callback that starts a timer of no delay must not keep the lock for ever.
  const Clock::time_point now = Clock::now();
  for (;;) {
    Callback callback;
    {
      const std::lock_guard guard(x_mutex);
      if (x_stopping || x_timers.empty() || x_timers.begin()->first > now) return;
      callback = std::move(x_timers.begin()->second.callback);
      x_timers.erase(x_timers.begin());
    }
    callback();
  }
}

void EventThread::run() {
  x_lock.thread_begin();
  std::array<epoll_event, kEventsPerRound> events{};
  std::array<int, kEventsPerRound> ready{};
  while (!stopping()) {
    const int count = ::epoll_wait(x_epoll.get(), events.data(), kEventsPerRound, timeout_ms());
    int watched = 0;
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd != x_wake.get()) {
        ready[static_cast<std::size_t>(watched++)] = fd;
        continue;
      }
      std::uint64_t value = 0;
      [[maybe_unused]] const auto got = ::read(fd, &value, sizeof value);
    }
    {
      // Woken only to sleep for a shorter time, or for nothing: leave QEMU's lock alone.
      const std::lock_guard guard(x_mutex);
      x_sleeping_until = Clock::time_point::min();
      const auto due = [this] { return !x_timers.empty() && x_timers.begin()->first <= Clock::now(); };
      if (x_stopping || (watched == 0 && !due())) continue;
    }
    x_lock.lock();
    run_round(ready.data(), watched);
    x_lock.unlock();
  }
}

}  // namespace qvm::vmhost
