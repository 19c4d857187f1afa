// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/status_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace qvm::cli {
namespace {

using daemon::Outcome;
using daemon::VmState;
using daemon::VmStatus;

TEST(Describe, SaysHowAVmIs) {
  EXPECT_EQ(describe({.state = VmState::starting}), "starting");
  EXPECT_EQ(describe({.state = VmState::running, .pid = 17}), "running (pid 17)");
  EXPECT_EQ(describe({.state = VmState::running, .pid = 17, .resets = 1}), "reset once");
  EXPECT_EQ(describe({.state = VmState::running, .pid = 17, .resets = 3}), "reset 3 times");
  EXPECT_EQ(describe({.state = VmState::stopping}), "stopping");
  EXPECT_EQ(describe({.state = VmState::waiting, .reason = "region 'moo' to exist"}),
            "waiting for region 'moo' to exist");
}

TEST(Describe, SaysWhenAndWhyAVmIsStartedAgain) {
  const VmStatus vm{
      .state = VmState::restarting, .outcome = Outcome::panicked, .reason = "it said so", .due = 103};
  EXPECT_EQ(describe(vm, 100), "restarting in 3 s: panicked: it said so");
  EXPECT_EQ(describe(vm, 200), "restarting in 0 s: panicked: it said so");
}

TEST(Describe, SaysHowAVmEnded) {
  EXPECT_EQ(describe({.state = VmState::stopped, .outcome = Outcome::shutdown}), "powered off");
  EXPECT_EQ(describe({.state = VmState::stopped, .outcome = Outcome::reset}), "reset itself");
  EXPECT_EQ(describe({.state = VmState::stopped, .outcome = Outcome::stopped}), "stopped");
  EXPECT_EQ(describe({.state = VmState::failed, .outcome = Outcome::died, .reason = "out of memory"}),
            "died: out of memory");
}

// In the local time zone, here UTC.
class VmTable : public testing::Test {
 protected:
  VmTable() {
    ::setenv("TZ", "UTC0", 1);
    ::tzset();
  }
};

TEST_F(VmTable, ShowsThePidOfWhatRunsAndTheEndOfWhatDoesNot) {
  EXPECT_EQ(vm_table({{.name = "left", .state = VmState::running, .pid = 4711, .since = 0},
                      {.name = "longer-name",
                       .state = VmState::failed,
                       .outcome = Outcome::died,
                       .reason = "why",
                       .pid = 4712,
                       .since = 86399},
                      {.name = "off", .state = VmState::stopped, .outcome = Outcome::shutdown, .since = 1}}),
            "NAME         STATE           PID  SINCE                DETAILS\n"
            "left         running        4711  1970-01-01 00:00:00\n"
            "longer-name  failed            -  1970-01-01 23:59:59  died: why\n"
            "off          stopped           -  1970-01-01 00:00:01  powered off\n");
}

TEST_F(VmTable, IsEmptyButForItsTitles) {
  EXPECT_EQ(vm_table({}), "NAME  STATE           PID  SINCE                DETAILS\n");
}

TEST_F(VmTable, ShowsWhatIsWaitedForAndHowOftenAVmCameBack) {
  EXPECT_EQ(vm_table({{.name = "a", .state = VmState::waiting, .reason = "VM 'b' to be started"},
                      {.name = "b", .state = VmState::restarting, .outcome = Outcome::shutdown, .due = 5},
                      {.name = "c", .state = VmState::running, .pid = 7, .resets = 1, .restarts = 2}},
                     3),
            "NAME  STATE           PID  SINCE                DETAILS\n"
            "a     waiting           -  1970-01-01 00:00:00  for VM 'b' to be started\n"
            "b     restarting        -  1970-01-01 00:00:00  in 2 s: powered off\n"
            "c     running           7  1970-01-01 00:00:00  restarted 2 times, reset once\n");
}

}  // namespace
}  // namespace qvm::cli
