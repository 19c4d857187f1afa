// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/host/orphan_reaper.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <utility>

namespace qvm::host {
namespace {

constexpr int kDeadlineMs = 10'000;

// A process as libvirt starts it in the background: an orphan in a session of its own. Returns its pid; its
// direct parent, our child, is waited for. It lives until the pipe's write end is closed, then exits with
// status 7.
pid_t start_orphan(const char* command, int lifeline_read, int lifeline_write) {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::setsid();
    const pid_t orphan = ::fork();
    if (orphan == 0) {
      ::prctl(PR_SET_NAME, command);
      ::close(lifeline_write);
      // Told only now that the name is set.
      const pid_t self = ::getpid();
      [[maybe_unused]] const auto told = ::write(ends[1], &self, sizeof self);
      char byte = 0;
      [[maybe_unused]] const auto end = ::read(lifeline_read, &byte, 1);
      ::_exit(7);
    }
    ::_exit(0);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  pid_t orphan = 0;
  EXPECT_EQ(::read(ends[0], &orphan, sizeof orphan), static_cast<ssize_t>(sizeof orphan));
  ::close(ends[0]);
  ::close(ends[1]);
  return orphan;
}

std::vector<OrphanReaper::Exit> reap_when_signalled(OrphanReaper& reaper) {
  pollfd waiting{reaper.fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&waiting, 1, kDeadlineMs), 1);
  return reaper.reap();
}

void expect_collected(const char* command) {
  auto reaper = OrphanReaper::create({"qemu-"});
  ASSERT_TRUE(reaper) << reaper.error().message();
  int lifeline[2] = {-1, -1};
  ASSERT_EQ(::pipe(lifeline), 0);
  const pid_t orphan = start_orphan(command, lifeline[0], lifeline[1]);
  // The direct child's end was signalled too.
  EXPECT_TRUE((*reaper)->reap().empty());

  ::close(lifeline[1]);
  const auto exits = reap_when_signalled(**reaper);

  ASSERT_EQ(exits.size(), 1U);
  EXPECT_EQ(exits[0].pid, orphan);
  EXPECT_TRUE(WIFEXITED(exits[0].status));
  EXPECT_EQ(WEXITSTATUS(exits[0].status), 7);
  ::close(lifeline[0]);
}

TEST(OrphanReaper, CollectsOrphansOfTheCommandsNamed) {
  expect_collected("qemu-system-x86");
}

// The disk was full, or exec() failed: it still has the name of the thread that called libvirt.
TEST(OrphanReaper, CollectsWhatNeverBecameQemu) {
  expect_collected("worker");
}

// A child that has done this before it ends.
void expect_left_to_us(void (*prepare)()) {
  auto reaper = OrphanReaper::create({"qemu-"});
  ASSERT_TRUE(reaper) << reaper.error().message();
  const pid_t child = ::fork();
  if (child == 0) {
    prepare();
    ::_exit(3);
  }
  EXPECT_TRUE(reap_when_signalled(**reaper).empty());
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 3);
}

// The one between us and an orphan: libvirt waits for it.
TEST(OrphanReaper, LeavesLeadersOfSessionsToThoseWhoStartedThem) {
  expect_left_to_us([] { ::setsid(); });
}

TEST(OrphanReaper, LeavesDirectChildrenToThoseWhoStartedThem) {
  expect_left_to_us([] { ::prctl(PR_SET_NAME, "qemu-system-x86"); });
}

TEST(OrphanReaper, WaitsUntilNoOrphanIsLeft) {
  auto reaper = OrphanReaper::create({"qemu-"});
  ASSERT_TRUE(reaper) << reaper.error().message();
  int lifeline[2] = {-1, -1};
  ASSERT_EQ(::pipe(lifeline), 0);
  const pid_t orphan = start_orphan("qemu-system-x86", lifeline[0], lifeline[1]);
  ::close(lifeline[1]);
  (*reaper)->wait_for_orphans(std::chrono::milliseconds(kDeadlineMs));
  EXPECT_EQ(::kill(orphan, 0), -1);
  ::close(lifeline[0]);
}

}  // namespace
}  // namespace qvm::host
