// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/lifecycle/verdict.h"

#include <gtest/gtest.h>

#include <csignal>

#include "qvm/lifecycle/restart.h"

namespace qvm::lifecycle {
namespace {

using Stop = host::DomainEvent::Stop;

constexpr int kKilled = SIGKILL;  // as waitpid() tells it
constexpr int kExitedWith1 = 1 << 8;

TEST(Verdict, GuestThatPowersOffIsFine) {
  const Verdict verdict = judge({.how = Stop::shutdown});
  EXPECT_EQ(verdict.outcome, Outcome::shutdown);
  EXPECT_EQ(verdict.reason, "");
}

TEST(Verdict, GuestThatResetsItselfIsFineToo) {
  EXPECT_EQ(judge({.how = Stop::shutdown, .reset = true}).outcome, Outcome::reset);
  EXPECT_EQ(judge({.how = Stop::shutdown, .stop_requested = true, .reset = true}).outcome, Outcome::stopped);
  EXPECT_FALSE(is_failure(Outcome::reset));
}

// `kill PID` of somebody who knows no other way; a host that goes down does the same.
TEST(Verdict, ProcessThatWasToldToEndIsNoPowerOff) {
  const Verdict verdict = judge({.how = Stop::shutdown, .signalled = true});
  EXPECT_EQ(verdict.outcome, Outcome::died);
  EXPECT_EQ(verdict.reason, "a signal told its QEMU process to end");
  EXPECT_EQ(judge({.how = Stop::shutdown, .stop_requested = true, .signalled = true}).outcome,
            Outcome::stopped);
}

TEST(Verdict, StopThatWasAskedForIsNoFailureHoweverItCame) {
  for (const Stop how : {Stop::shutdown, Stop::destroyed, Stop::crashed, Stop::failed, Stop::other}) {
    EXPECT_EQ(judge({.how = how, .stop_requested = true}).outcome, Outcome::stopped);
  }
}

TEST(Verdict, WhatEndedItBeforeTheStopWins) {
  const Verdict verdict = judge({.how = Stop::destroyed,
                                 .known = Outcome::unsupported,
                                 .stop_requested = true,
                                 .words = {.text = "KVM internal error: emulation failure"}});
  EXPECT_EQ(verdict.outcome, Outcome::unsupported);
  EXPECT_EQ(verdict.reason, "KVM internal error: emulation failure");
}

TEST(Verdict, WatchdogAndPanicHaveTheirOwnOutcome) {
  EXPECT_EQ(judge({.how = Stop::destroyed, .known = Outcome::watchdog}).outcome, Outcome::watchdog);
  EXPECT_EQ(judge({.how = Stop::destroyed, .known = Outcome::panicked}).outcome, Outcome::panicked);
  EXPECT_EQ(judge({.how = Stop::crashed}).outcome, Outcome::panicked);
}

TEST(Verdict, KilledProcessIsNamedWithItsSignal) {
  const Verdict verdict = judge({.how = Stop::failed, .wait_status = kKilled});
  EXPECT_EQ(verdict.outcome, Outcome::died);
  EXPECT_EQ(verdict.reason, "its QEMU process was killed by signal 9 (Killed)");
}

TEST(Verdict, QemusOwnComplaintIsAppended) {
  const Verdict verdict =
      judge({.how = Stop::failed, .wait_status = kExitedWith1, .words = {.text = "out of memory"}});
  EXPECT_EQ(verdict.reason, "its QEMU process ended with status 1: out of memory");
}

TEST(Verdict, DeviceOfOursThatEndsTheVmIsBlamed) {
  const Verdict verdict = judge({.how = Stop::failed,
                                 .wait_status = kExitedWith1,
                                 .words = {.text = "vdev shmem0: gone", .from_us = true}});
  EXPECT_EQ(verdict.outcome, Outcome::device);
  EXPECT_EQ(verdict.reason, "vdev shmem0: gone");
}

TEST(Verdict, BiteOfAWatchdogOfOursIsOne) {
  const Verdict verdict = judge(
      {.words = {.text = "vdev wdt-sp805-0 (b.qvmconf:9:6): the guest's watchdog bit", .from_us = true}});
  EXPECT_EQ(verdict.outcome, Outcome::watchdog);
  EXPECT_EQ(verdict.reason, "vdev wdt-sp805-0 (b.qvmconf:9:6): the guest's watchdog bit");
}

TEST(Verdict, ProcessOfAnEarlierQvmdHasNoStatus) {
  EXPECT_EQ(judge({.how = Stop::failed}).reason, "its QEMU process ended unexpectedly");
}

TEST(Verdict, PowerOffThatNobodyHeardOfIsOne) {
  EXPECT_EQ(judge({.how = Stop::failed, .words = {.powered_off = true}}).outcome, Outcome::shutdown);
  // Whose device gave up has not powered off.
  EXPECT_EQ(
      judge({.how = Stop::failed, .words = {.text = "vdev x: gone", .from_us = true, .powered_off = true}})
          .outcome,
      Outcome::device);
}

TEST(Verdict, DomainDestroyedBehindOurBackIsAFailure) {
  const Verdict verdict = judge({.how = Stop::destroyed});
  EXPECT_EQ(verdict.outcome, Outcome::died);
  EXPECT_EQ(verdict.reason, "somebody else destroyed its domain");
}

}  // namespace
}  // namespace qvm::lifecycle
