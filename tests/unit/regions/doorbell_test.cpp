// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What a receiver, however hostile, can do with its end of a doorbell, and what it cannot.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "qvm/regions/server/memory.h"

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
  ssize_t ring(std::uint64_t value = 1) { return ::write(bell.ring.get(), &value, sizeof value); }
  bool rang() {
    epoll_event event{};
    return ::epoll_wait(epoll.get(), &event, 1, 0) == 1;
  }

  Doorbell bell;
  UniqueFd epoll;
};

TEST_F(RegionDoorbell, EachRingWakesAndNothingNeedsToBeRead) {
  EXPECT_FALSE(rang());
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(ring(), 8);
    EXPECT_TRUE(rang());
    EXPECT_FALSE(rang());
  }
}

TEST_F(RegionDoorbell, TheListenerCanNeitherFillNorEmptyNorBlockIt) {
  std::uint64_t value = UINT64_MAX - 1;
  EXPECT_LT(::write(bell.listen.get(), &value, sizeof value), 0);
  EXPECT_LT(::read(bell.listen.get(), &value, sizeof value), 0);
  EXPECT_EQ(::fcntl(bell.listen.get(), F_SETFL, 0), 0) << "its own flags are its own affair";
  EXPECT_NE(::fcntl(bell.ring.get(), F_GETFL) & O_NONBLOCK, 0);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(ring(), 8);
  EXPECT_TRUE(rang());
}

TEST_F(RegionDoorbell, TheListenerCannotStopWatchingTheEventfdForAnotherOne) {
  // Removing needs a descriptor of what is watched, which the receiver never has.
  for (int fd = 0; fd < 64; ++fd) {
    if (fd != bell.ring.get()) ::epoll_ctl(bell.listen.get(), EPOLL_CTL_DEL, fd, nullptr);
  }
  ASSERT_EQ(ring(), 8);
  EXPECT_TRUE(rang());
}

TEST_F(RegionDoorbell, ASenderThatFillsItsOwnIsToldSoAndDoesNotWait) {
  ASSERT_EQ(ring(UINT64_MAX - 1), 8);
  EXPECT_TRUE(rang());
  EXPECT_EQ(ring(), -1);
  EXPECT_EQ(errno, EAGAIN);
}

TEST_F(RegionDoorbell, RingingForNobodyIsHarmless) {
  epoll.reset();
  bell.listen.reset();
  EXPECT_EQ(ring(), 8);
}

TEST_F(RegionDoorbell, IsSilentOnceTheSenderIsGone) {
  bell.ring.reset();
  EXPECT_FALSE(rang());
}

}  // namespace
}  // namespace qvm::regions
