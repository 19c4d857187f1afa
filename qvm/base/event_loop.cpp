// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/base/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <array>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "qvm/base/unique_fd.h"

namespace qvm {

using Clock = std::chrono::steady_clock;

struct EventLoop::Impl {
  UniqueFd epoll;
  UniqueFd wake;
  // shared_ptr: a handler that removes itself must outlive its own call.
  std::map<int, std::shared_ptr<FdHandler>> handlers;
  std::map<std::pair<Clock::time_point, TimerId>, Task> timers;
  TimerId next_timer = 1;
  std::mutex mutex;
  std::vector<Task> posted;  // guarded by mutex
  bool stopping = false;     // guarded by mutex

  void signal() const {
    const std::uint64_t one = 1;
    // Full counter: the loop is about to wake anyway.
    [[maybe_unused]] const auto written = ::write(wake.get(), &one, sizeof one);
  }

  int timeout_ms() const {
    if (timers.empty()) return -1;
    const auto left = timers.begin()->first.first - Clock::now();
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    return ms < 0 ? 0 : static_cast<int>(std::min<long long>(ms, 1'000'000));
  }

  void run_due_timers() {
    while (!timers.empty() && timers.begin()->first.first <= Clock::now()) {
      Task task = std::move(timers.begin()->second);
      timers.erase(timers.begin());
      task();
    }
  }

  // Returns false once stop() was called.
  bool run_posted() {
    std::vector<Task> tasks;
    bool go_on = true;
    {
      const std::lock_guard lock(mutex);
      tasks.swap(posted);
      go_on = !std::exchange(stopping, false);
    }
    for (Task& task : tasks) task();
    return go_on;
  }
};

Result<std::unique_ptr<EventLoop>> EventLoop::create() {
  auto impl = std::make_unique<Impl>();
  impl->epoll.reset(::epoll_create1(EPOLL_CLOEXEC));
  if (!impl->epoll) return fail_errno("create an epoll instance");
  impl->wake.reset(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!impl->wake) return fail_errno("create an eventfd");
  const int wake = impl->wake.get();
  std::unique_ptr<EventLoop> loop(new EventLoop(std::move(impl)));
  auto watched = loop->watch(wake, EPOLLIN, [wake](std::uint32_t) {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(wake, &count, sizeof count);
  });
  if (!watched) return tl::unexpected(std::move(watched.error()));
  return loop;
}

EventLoop::EventLoop(std::unique_ptr<Impl> impl) : x_impl(std::move(impl)) {}
EventLoop::~EventLoop() = default;

Result<void> EventLoop::watch(int fd, std::uint32_t events, FdHandler handler) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  if (::epoll_ctl(x_impl->epoll.get(), EPOLL_CTL_ADD, fd, &event) != 0)
    return fail_errno("watch a descriptor");
  x_impl->handlers[fd] = std::make_shared<FdHandler>(std::move(handler));
  return {};
}

Result<void> EventLoop::modify(int fd, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  if (::epoll_ctl(x_impl->epoll.get(), EPOLL_CTL_MOD, fd, &event) != 0)
    return fail_errno("watch a descriptor");
  return {};
}

void EventLoop::unwatch(int fd) {
  if (x_impl->handlers.erase(fd) != 0) ::epoll_ctl(x_impl->epoll.get(), EPOLL_CTL_DEL, fd, nullptr);
}

EventLoop::TimerId EventLoop::after(std::chrono::milliseconds delay, Task task) {
  const TimerId id = x_impl->next_timer++;
  x_impl->timers.emplace(std::pair(Clock::now() + delay, id), std::move(task));
  return id;
}

void EventLoop::cancel(TimerId timer) {
  std::erase_if(x_impl->timers, [timer](const auto& entry) { return entry.first.second == timer; });
}

void EventLoop::post(Task task) {
  {
    const std::lock_guard lock(x_impl->mutex);
    x_impl->posted.push_back(std::move(task));
  }
  x_impl->signal();
}

void EventLoop::stop() {
  {
    const std::lock_guard lock(x_impl->mutex);
    x_impl->stopping = true;
  }
  x_impl->signal();
}

Result<void> EventLoop::run() {
  std::array<epoll_event, 64> events{};
  while (x_impl->run_posted()) {
    const int count = ::epoll_wait(x_impl->epoll.get(), events.data(), static_cast<int>(events.size()),
                                   x_impl->timeout_ms());
    if (count < 0 && errno != EINTR) return fail_errno("wait for events");
    for (int i = 0; i < count; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      const auto found = x_impl->handlers.find(event.data.fd);
      if (found == x_impl->handlers.end()) continue;  // removed by an earlier handler of this round
      const auto handler = found->second;
      (*handler)(event.events);
    }
    x_impl->run_due_timers();
  }
  return {};
}

}  // namespace qvm
