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
  struct Watched {
    std::uint32_t turn = 0;
    // shared_ptr: a handler that removes itself must outlive its own call.
    std::shared_ptr<FdHandler> handler;
  };
  std::map<int, Watched> handlers;
  // Tells an event of a descriptor from one of an earlier descriptor of the same number, which was closed by
  // another handler of the same round.
  std::uint32_t next_turn = 1;

  static std::uint64_t tag(int fd, std::uint32_t turn) {
    return std::uint64_t{turn} << 32 | static_cast<std::uint32_t>(fd);
  }
  std::map<std::pair<Clock::time_point, TimerId>, Task> timers;
  TimerId next_timer = 1;
  Task before_waiting;
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
  QVM_TRY(loop->watch(wake, EPOLLIN, [wake](std::uint32_t) {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(wake, &count, sizeof count);
  }));
  return loop;
}

EventLoop::EventLoop(std::unique_ptr<Impl> impl) : x_impl(std::move(impl)) {}
EventLoop::~EventLoop() = default;

Result<void> EventLoop::watch(int fd, std::uint32_t events, FdHandler handler) {
  const std::uint32_t turn = x_impl->next_turn++;
  epoll_event event{};
  event.events = events;
  event.data.u64 = Impl::tag(fd, turn);
  if (::epoll_ctl(x_impl->epoll.get(), EPOLL_CTL_ADD, fd, &event) != 0)
    return fail_errno("watch a descriptor");
  x_impl->handlers[fd] = {turn, std::make_shared<FdHandler>(std::move(handler))};
  return {};
}

Result<void> EventLoop::modify(int fd, std::uint32_t events) {
  const auto found = x_impl->handlers.find(fd);
  if (found == x_impl->handlers.end()) return fail_errno("watch a descriptor", ENOENT);
  epoll_event event{};
  event.events = events;
  event.data.u64 = Impl::tag(fd, found->second.turn);
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

void EventLoop::before_waiting(Task task) {
  x_impl->before_waiting = std::move(task);
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
    if (x_impl->before_waiting) x_impl->before_waiting();
    const int count = ::epoll_wait(x_impl->epoll.get(), events.data(), static_cast<int>(events.size()),
                                   x_impl->timeout_ms());
    if (count < 0 && errno != EINTR) return fail_errno("wait for events");
    for (int i = 0; i < count; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      const auto fd = static_cast<int>(event.data.u64 & 0xffffffff);
      const auto found = x_impl->handlers.find(fd);
      // Removed by an earlier handler of this round?
      if (found == x_impl->handlers.end() || found->second.turn != event.data.u64 >> 32) continue;
      const auto handler = found->second.handler;
      (*handler)(event.events);
    }
    x_impl->run_due_timers();
  }
  if (x_impl->before_waiting) x_impl->before_waiting();
  return {};
}

}  // namespace qvm
