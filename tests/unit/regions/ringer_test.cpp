// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/ringer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>

#include "qvm/regions/memory.h"

namespace qvm::regions {
namespace {

class RegionDoorbell : public ::testing::Test {
 protected:
  void SetUp() override {
    auto made = make_doorbell();
    ASSERT_TRUE(made) << made.error().message();
    bell = std::move(*made);
    epoll.reset(::epoll_create1(EPOLL_CLOEXEC));
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    ASSERT_EQ(::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, bell.listen.get(), &event), 0);
  }
  bool rang() {
    epoll_event event{};
    return ::epoll_wait(epoll.get(), &event, 1, 0) == 1;
  }
  // What a receiver can do to an eventfd that it shares.
  void block_and_fill() {
    std::uint64_t value = 0;
    [[maybe_unused]] const auto emptied = ::read(bell.listen.get(), &value, sizeof value);
    const std::uint64_t full = UINT64_MAX - 1;
    ASSERT_EQ(::write(bell.listen.get(), &full, sizeof full), static_cast<ssize_t>(sizeof full));
    ASSERT_EQ(::fcntl(bell.listen.get(), F_SETFL, 0), 0);
  }

  Doorbell bell;
  UniqueFd epoll;
  Ringer ringer;
};

TEST_F(RegionDoorbell, EachRingWakesAndNothingNeedsToBeRead) {
  EXPECT_FALSE(rang());
  for (int i = 0; i < 100; ++i) {
    ringer.ring(bell.ring.get());
    EXPECT_TRUE(rang());
    EXPECT_FALSE(rang());
  }
}

TEST_F(RegionDoorbell, AHostileListenerCannotMakeTheRingerWait) {
  if (!ringer.is_safe()) GTEST_SKIP() << "this kernel offers no asynchronous I/O";
  block_and_fill();
  EXPECT_TRUE(rang());
  // A plain write would never come back.
  for (int i = 0; i < 1000; ++i) ringer.ring(bell.ring.get());
  EXPECT_TRUE(rang()) << "the listener itself is woken all the same";
}

TEST_F(RegionDoorbell, RingersAreUsedAgain) {
  for (int i = 0; i < 1000; ++i) {
    Ringer another;
    EXPECT_EQ(another.is_safe(), ringer.is_safe());
    another.ring(bell.ring.get());
    EXPECT_TRUE(rang());
  }
}

TEST_F(RegionDoorbell, AChildAfterForkRingsToo) {
  ringer.ring(bell.ring.get());
  EXPECT_TRUE(rang());
  const pid_t child = ::fork();
  if (child == 0) {
    ringer.ring(bell.ring.get());
    ringer.ring(bell.ring.get());
    ::_exit(0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(rang());
}

TEST_F(RegionDoorbell, RingingForNobodyOrNothingIsHarmless) {
  epoll.reset();
  bell.listen.reset();
  ringer.ring(bell.ring.get());
  bell.ring.reset();
  ringer.ring(-1);
  SUCCEED();
}

}  // namespace
}  // namespace qvm::regions
