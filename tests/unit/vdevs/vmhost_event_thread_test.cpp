// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/eventfd.h>

#include <atomic>
#include <future>
#include <thread>

#include "vdevs/vmhost/event_thread.h"

namespace qvm::vmhost {
namespace {

using std::chrono::milliseconds;

UniqueFd make_event() {
  return UniqueFd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
}
void signal_event(const UniqueFd& event) {
  const std::uint64_t one = 1;
  ASSERT_EQ(::write(event.get(), &one, sizeof one), static_cast<ssize_t>(sizeof one));
}
void take_event(const UniqueFd& event) {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(event.get(), &count, sizeof count);
}

TEST(EventThread, CallsBackWhileADescriptorIsReadable) {
  const UniqueFd event = make_event();
  auto events = EventThread::create({}).value();
  std::promise<std::thread::id> called;
  ASSERT_TRUE(events->watch(event.get(), [&] {
    take_event(event);
    called.set_value(std::this_thread::get_id());
  }));
  ASSERT_TRUE(events->start());
  signal_event(event);
  EXPECT_NE(called.get_future().get(), std::this_thread::get_id());
}

TEST(EventThread, RefusesASecondWatchOfOneDescriptor) {
  const UniqueFd event = make_event();
  auto events = EventThread::create({}).value();
  ASSERT_TRUE(events->watch(event.get(), [] {}));
  const auto second = events->watch(event.get(), [] {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), EEXIST);
}

TEST(EventThread, DoesNotCallBackAfterUnwatch) {
  const UniqueFd event = make_event();
  const UniqueFd other = make_event();
  auto events = EventThread::create({}).value();
  std::atomic<int> calls = 0;
  std::promise<void> seen;
  ASSERT_TRUE(events->watch(event.get(), [&] { ++calls; }));
  events->unwatch(event.get());
  ASSERT_TRUE(events->watch(other.get(), [&] {
    take_event(other);
    seen.set_value();
  }));
  ASSERT_TRUE(events->start());
  signal_event(event);
  signal_event(other);
  seen.get_future().get();
  events->halt(EventThread::Wait::yes);
  EXPECT_EQ(calls, 0);
}

TEST(EventThread, CallbacksMayWatchAndUnwatch) {
  const UniqueFd event = make_event();
  auto events = EventThread::create({}).value();
  std::promise<void> done;
  ASSERT_TRUE(events->watch(event.get(), [&] {
    events->unwatch(event.get());
    events->start_timer(milliseconds(0), [&] { done.set_value(); });
  }));
  ASSERT_TRUE(events->start());
  signal_event(event);
  done.get_future().get();
}

TEST(EventThread, TimersFireInOrderAndNotEarly) {
  auto events = EventThread::create({}).value();
  ASSERT_TRUE(events->start());
  std::vector<int> order;
  std::promise<EventThread::Clock::time_point> last;
  const auto begin = EventThread::Clock::now();
  events->start_timer(milliseconds(30), [&] {
    order.push_back(2);
    last.set_value(EventThread::Clock::now());
  });
  events->start_timer(milliseconds(5), [&] { order.push_back(1); });
  EXPECT_GE(last.get_future().get() - begin, milliseconds(30));
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(EventThread, ACancelledTimerDoesNotFire) {
  auto events = EventThread::create({}).value();
  std::atomic<int> calls = 0;
  std::promise<void> later;
  const auto timer = events->start_timer(milliseconds(1), [&] { ++calls; });
  events->cancel_timer(timer);
  events->start_timer(milliseconds(2), [&] { later.set_value(); });
  ASSERT_TRUE(events->start());
  later.get_future().get();
  EXPECT_EQ(calls, 0);
}

TEST(EventThread, HoldsTheLockAroundEveryCallback) {
  const UniqueFd event = make_event();
  std::atomic<int> held = 0;
  std::atomic<int> begun = 0;
  CallbackLock lock{[&] { ++held; }, [&] { --held; }, [&] { ++begun; }};
  auto events = EventThread::create(std::move(lock)).value();
  std::promise<int> in_watch;
  std::promise<int> in_timer;
  ASSERT_TRUE(events->watch(event.get(), [&] {
    take_event(event);
    in_watch.set_value(held);
  }));
  events->start_timer(milliseconds(1), [&] { in_timer.set_value(held); });
  ASSERT_TRUE(events->start());
  signal_event(event);
  EXPECT_EQ(in_watch.get_future().get(), 1);
  EXPECT_EQ(in_timer.get_future().get(), 1);
  events->halt(EventThread::Wait::yes);
  EXPECT_EQ(held, 0);
  EXPECT_EQ(begun, 1);
}

TEST(EventThread, BeginsNoCallbackAfterHalt) {
  const UniqueFd event = make_event();
  auto events = EventThread::create({}).value();
  std::atomic<bool> halted = false;
  std::atomic<int> late = 0;
  // Stays readable: without halt it is called for ever.
  ASSERT_TRUE(events->watch(event.get(), [&] { late += halted ? 1 : 0; }));
  ASSERT_TRUE(events->start());
  signal_event(event);
  events->halt(EventThread::Wait::yes);
  halted = true;
  EXPECT_EQ(late, 0);
}

TEST(EventThread, BlocksSignals) {
  auto events = EventThread::create({}).value();
  std::promise<bool> blocked;
  events->start_timer(milliseconds(0), [&] {
    sigset_t mask;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    blocked.set_value(::sigismember(&mask, SIGTERM) == 1 && ::sigismember(&mask, SIGUSR1) == 1);
  });
  ASSERT_TRUE(events->start());
  EXPECT_TRUE(blocked.get_future().get());
}

}  // namespace
}  // namespace qvm::vmhost
