// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/base/event_loop.h"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <array>
#include <thread>
#include <vector>

#include "qvm/base/unique_fd.h"

namespace qvm {
namespace {

using namespace std::chrono_literals;

class EventLoopTest : public testing::Test {
 protected:
  EventLoopTest() : loop(std::move(EventLoop::create()).value()) {}
  std::unique_ptr<EventLoop> loop;
};

TEST_F(EventLoopTest, RunsPostedTasksInOrderBeforeItStops) {
  std::vector<int> seen;
  loop->post([&] { seen.push_back(1); });
  loop->post([&] {
    seen.push_back(2);
    loop->stop();
  });
  ASSERT_TRUE(loop->run());
  EXPECT_EQ(seen, (std::vector{1, 2}));
}

TEST_F(EventLoopTest, CallsTheHandlerOfAReadableDescriptor) {
  const UniqueFd event(::eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC));
  std::uint32_t got = 0;
  ASSERT_TRUE(loop->watch(event.get(), EPOLLIN, [&](std::uint32_t events) {
    got = events;
    loop->stop();
  }));
  ASSERT_TRUE(loop->run());
  EXPECT_EQ(got, std::uint32_t{EPOLLIN});
}

TEST_F(EventLoopTest, LetsAHandlerRemoveItself) {
  const UniqueFd event(::eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC));
  int calls = 0;
  ASSERT_TRUE(loop->watch(event.get(), EPOLLIN, [&](std::uint32_t) {
    ++calls;
    loop->unwatch(event.get());
    loop->after(10ms, [&] { loop->stop(); });
  }));
  ASSERT_TRUE(loop->run());
  EXPECT_EQ(calls, 1);
}

TEST_F(EventLoopTest, TakesNoEventForThatOfAnEarlierDescriptorOfTheSameNumber) {
  std::array<UniqueFd, 2> ready{UniqueFd(::eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC)),
                                UniqueFd(::eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC))};
  int called = 0;
  int called_for_new = 0;
  // Whichever is first replaces the other, of which an event is under way.
  const auto replace = [&](std::size_t other) {
    ++called;
    const int number = ready[other].get();
    loop->unwatch(number);
    ready[other].reset();
    ready[other].reset(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    EXPECT_EQ(ready[other].get(), number);
    EXPECT_TRUE(loop->watch(number, EPOLLIN, [&](std::uint32_t) { ++called_for_new; }));
    loop->stop();
  };
  ASSERT_TRUE(loop->watch(ready[0].get(), EPOLLIN, [&](std::uint32_t) { replace(1); }));
  ASSERT_TRUE(loop->watch(ready[1].get(), EPOLLIN, [&](std::uint32_t) { replace(0); }));
  ASSERT_TRUE(loop->run());
  EXPECT_EQ(called, 1);
  EXPECT_EQ(called_for_new, 0);
}

TEST_F(EventLoopTest, RunsTimersByTimeNotByOrderOfCreation) {
  std::vector<int> seen;
  loop->after(20ms, [&] {
    seen.push_back(2);
    loop->stop();
  });
  loop->after(1ms, [&] { seen.push_back(1); });
  ASSERT_TRUE(loop->run());
  EXPECT_EQ(seen, (std::vector{1, 2}));
}

TEST_F(EventLoopTest, DoesNotRunACancelledTimer) {
  bool ran = false;
  const auto timer = loop->after(1ms, [&] { ran = true; });
  loop->cancel(timer);
  loop->after(10ms, [&] { loop->stop(); });
  ASSERT_TRUE(loop->run());
  EXPECT_FALSE(ran);
}

TEST_F(EventLoopTest, TakesTasksFromOtherThreads) {
  int sum = 0;
  std::jthread other([&] {
    for (int i = 1; i <= 100; ++i) loop->post([&sum, i] { sum += i; });
    loop->stop();
  });
  ASSERT_TRUE(loop->run());
  EXPECT_EQ(sum, 5050);
}

TEST_F(EventLoopTest, SaysWhyADescriptorCannotBeWatched) {
  const auto watched = loop->watch(-1, EPOLLIN, [](std::uint32_t) {});
  ASSERT_FALSE(watched);
  EXPECT_EQ(watched.error().message(), "watch a descriptor: Bad file descriptor");
}

}  // namespace
}  // namespace qvm
