// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The ends of VMs: wanted and unwanted, with a qvmd and across qvmds.
#include <gmock/gmock.h>

#include <filesystem>

#include "tests/support/daemon_fixture.h"

namespace qvm::test {
namespace {

using daemon::Outcome;
using daemon::Reply;
using daemon::Request;
using daemon::VmState;
using host::DomainEvent;
using testing::ElementsAre;
using testing::IsEmpty;

class StopTest : public DaemonTest {
 protected:
  void start(const std::vector<std::string>& vms, bool owned = false) {
    Request request = start_request(vms);
    request.owned = owned;
    request.regions.push_back({.name = "moo", .bytes = 4096});
    const Reply reply = ask(kClient, request);
    ASSERT_EQ(reply.kind, Reply::Kind::done) << reply.text;
  }
  void wait_until_over(const std::string& vm) {
    run_until([&] { return status(vm).over(); });
  }
  void expect_nothing_left() {
    // Somebody may have been asked about a VM that has ended meanwhile.
    run_until([this] { return supervisor_->idle(); });
    EXPECT_THAT(host_.domains(), IsEmpty());
    EXPECT_THAT(regions_.vms, IsEmpty());
    EXPECT_THAT(regions_.regions, IsEmpty());
    EXPECT_TRUE(std::filesystem::is_empty(root_ + "/vm"));
    EXPECT_THAT(complaints_, IsEmpty());
  }
};

TEST_F(StopTest, StopsAllWhenNoNameIsGiven) {
  start({"left", "right"});
  const Reply reply = ask(kOther, {.operation = Request::Operation::stop});
  EXPECT_EQ(reply.kind, Reply::Kind::done) << reply.text;
  ASSERT_EQ(reply.vms.size(), 2U);
  EXPECT_EQ(reply.vms[0].outcome, Outcome::stopped);
  EXPECT_EQ(reply.vms[0].state, VmState::stopped);
  expect_nothing_left();
}

TEST_F(StopTest, StopsOneAndKeepsTheSetsRegionsForTheOthers) {
  start({"left", "right"});
  ask(kOther, {.operation = Request::Operation::stop, .names = {"left"}});
  EXPECT_THAT(host_.domains(), ElementsAre("right"));
  EXPECT_THAT(regions_.vms, ElementsAre("right"));
  EXPECT_THAT(regions_.regions, ElementsAre("moo"));
  EXPECT_FALSE(exists("vm/left"));
  EXPECT_TRUE(exists("vm/right"));
}

TEST_F(StopTest, UnknownNameIsRefusedAndNothingStops) {
  start({"left"});
  const Reply reply = ask(kOther, {.operation = Request::Operation::stop, .names = {"left", "nobody"}});
  EXPECT_EQ(reply.kind, Reply::Kind::failed);
  EXPECT_EQ(reply.text, "there is no VM 'nobody' ('qvm ps' lists them)");
  EXPECT_EQ(status("left").state, VmState::running);
}

// Its set is forgotten when its start was rolled back; who asked for the end is told of it all the same.
TEST_F(StopTest, StopDuringAStartTellsWhatItStopped) {
  host_.hold_starts();
  supervisor_->handle(kClient, start_request({"left", "right"}));
  run_until([this] { return status("left").state == VmState::starting; });
  static constexpr daemon::Supervisor::ClientId kStopper = 7;
  supervisor_->handle(kStopper, {.operation = Request::Operation::stop});
  host_.release_starts();
  run_until([this] { return !replies_[kStopper].empty(); });
  const Reply reply = replies_[kStopper].back();
  EXPECT_EQ(reply.kind, Reply::Kind::done) << reply.text;
  ASSERT_EQ(reply.vms.size(), 2U);
  EXPECT_EQ(reply.vms[0].name, "left");
  EXPECT_EQ(reply.vms[0].state, VmState::stopped);
  EXPECT_EQ(reply.vms[0].outcome, Outcome::stopped);
  EXPECT_EQ(reply.vms[1].name, "right");
  expect_nothing_left();
}

TEST_F(StopTest, GuestGetsItsTimeToPowerOff) {
  start({"left"});
  supervisor_->handle(kOther, {.operation = Request::Operation::stop, .timeout_ms = 60'000});
  EXPECT_EQ(status("left").state, VmState::stopping);
  host_.end("left", DomainEvent::Stop::shutdown);
  wait_until_over("left");
  EXPECT_EQ(status("left").outcome, Outcome::stopped);
}

TEST_F(StopTest, GuestThatDoesNotListenIsEndedAfterItsTime) {
  start({"left"});
  const Reply reply = ask(kOther, {.operation = Request::Operation::stop, .timeout_ms = 20});
  EXPECT_EQ(reply.kind, Reply::Kind::done);
  expect_nothing_left();
}

TEST_F(StopTest, LaterStopWithLessTimeShortensTheEarlier) {
  start({"left"});
  supervisor_->handle(kClient, {.operation = Request::Operation::stop, .timeout_ms = 3'600'000});
  EXPECT_EQ(status("left").state, VmState::stopping);
  const std::size_t before = replies_[kClient].size();
  EXPECT_EQ(ask(kOther, {.operation = Request::Operation::stop, .timeout_ms = 20}).kind, Reply::Kind::done);
  run_until([&] {
    return replies_[kClient].size() > before && replies_[kClient].back().kind == Reply::Kind::done;
  });
  expect_nothing_left();
}

TEST_F(StopTest, LaterStopWithMoreTimeChangesNothing) {
  start({"left"});
  supervisor_->handle(kClient, {.operation = Request::Operation::stop, .timeout_ms = 20});
  EXPECT_EQ(ask(kOther, {.operation = Request::Operation::stop, .timeout_ms = 3'600'000}).kind,
            Reply::Kind::done);
  expect_nothing_left();
}

// Whoever waits for the end of one VM does not wait for the next one of that name.
TEST_F(StopTest, VmOfTheSameNameThatComesLaterIsNotWaitedFor) {
  start({"left"});
  start({"right"});
  supervisor_->handle(kOther, {.operation = Request::Operation::stop, .timeout_ms = 60'000});
  const auto answered = [this] {
    return !replies_[kOther].empty() && replies_[kOther].back().kind == Reply::Kind::done;
  };
  host_.end("left", DomainEvent::Stop::shutdown);
  run_until([this] { return !exists("vm/left"); });
  replies_[kOther].clear();
  run_until([this] { return ask(kClient, start_request({"left"})).kind == Reply::Kind::done; });
  host_.end("right", DomainEvent::Stop::shutdown);
  run_until(answered);
  ASSERT_EQ(replies_[kOther].back().vms.size(), 1U) << "the new one was not stopped";
  EXPECT_EQ(replies_[kOther].back().vms[0].name, "right");
  EXPECT_EQ(host_.starts_of("left"), 2U);
  EXPECT_THAT(host_.domains(), ElementsAre("left"));
}

TEST_F(StopTest, RefusedStopIsToldAndTheVmRunsOn) {
  start({"left"});
  host_.refuse_destroy("left", "the process does not die");
  const Reply reply = ask(kOther, {.operation = Request::Operation::stop});
  EXPECT_EQ(reply.kind, Reply::Kind::failed);
  EXPECT_EQ(reply.text, "VM 'left' cannot be stopped: the process does not die");
  EXPECT_EQ(status("left").state, VmState::running);
}

TEST_F(StopTest, GuestThatPowersOffLeavesNothing) {
  start({"left"});
  host_.end("left", DomainEvent::Stop::shutdown);
  wait_until_over("left");
  EXPECT_EQ(status("left").outcome, Outcome::shutdown);
  EXPECT_EQ(status("left").state, VmState::stopped);
  expect_nothing_left();
}

TEST_F(StopTest, KilledProcessIsAFailureWithItsReason) {
  start({"left"});
  supervisor_->note_exit(status("left").pid, 9);
  host_.end("left", DomainEvent::Stop::failed);
  wait_until_over("left");
  EXPECT_EQ(status("left").state, VmState::failed);
  EXPECT_EQ(status("left").outcome, Outcome::died);
  EXPECT_EQ(status("left").reason, "its QEMU process was killed by signal 9 (Killed)");
  expect_nothing_left();
}

// Libvirt starts processes as well, whose ends nobody asks for: the oldest of too many is forgotten.
TEST_F(StopTest, EndOfItsProcessIsNotForgottenForThoseOfOthers) {
  start({"left"});
  const pid_t pid = status("left").pid;
  for (pid_t stranger = pid + 1; stranger < pid + 1000; ++stranger) supervisor_->note_exit(stranger, 0);
  supervisor_->note_exit(pid, 9);
  supervisor_->note_exit(pid + 1000, 0);
  host_.end("left", DomainEvent::Stop::failed);
  wait_until_over("left");
  EXPECT_EQ(status("left").reason, "its QEMU process was killed by signal 9 (Killed)");
}

TEST_F(StopTest, GuestThatTheHypervisorCannotGoOnWithIsEnded) {
  start({"left"});
  host_.set_last_words({.text = "KVM internal error: emulation failure"});
  host_.get_stuck("left");
  wait_until_over("left");
  EXPECT_EQ(status("left").outcome, Outcome::unsupported);
  EXPECT_EQ(status("left").reason, "KVM internal error: emulation failure");
  expect_nothing_left();
}

TEST_F(StopTest, GuestThatPanicsIsPausedFirst) {
  start({"left"});
  host_.get_stuck("left");
  host_.happen("left", DomainEvent::Kind::panicked);
  wait_until_over("left");
  EXPECT_EQ(status("left").outcome, Outcome::panicked);
}

TEST_F(StopTest, GuestThatSomebodyPausedIsNoneOfOurBusiness) {
  start({"left", "right"});
  host_.happen("left", DomainEvent::Kind::paused);
  host_.get_stuck("right");
  wait_until_over("right");
  EXPECT_EQ(status("left").state, VmState::running);
}

TEST_F(StopTest, WatchdogThatBitesEndsTheVm) {
  start({"left"});
  host_.happen("left", DomainEvent::Kind::watchdog);
  wait_until_over("left");
  EXPECT_EQ(status("left").outcome, Outcome::watchdog);
}

TEST_F(StopTest, ResetsAreCounted) {
  start({"left"});
  host_.happen("left", DomainEvent::Kind::rebooted);
  host_.happen("left", DomainEvent::Kind::rebooted);
  run_until([this] { return status("left").resets == 2; });
  EXPECT_EQ(status("left").state, VmState::running);
}

TEST_F(StopTest, OwnedVmEndsWithItsOwner) {
  start({"left"}, true);
  supervisor_->client_gone(kClient);
  wait_until_over("left");
  expect_nothing_left();
}

TEST_F(StopTest, OtherVmsSurviveTheClientThatStartedThem) {
  start({"left"});
  supervisor_->client_gone(kClient);
  EXPECT_EQ(status("left").state, VmState::running);
}

TEST_F(StopTest, WatcherHearsOfTheEnd) {
  start({"left"});
  EXPECT_EQ(ask(kOther, {.operation = Request::Operation::watch, .names = {"left"}}).kind, Reply::Kind::done);
  host_.end("left", DomainEvent::Stop::shutdown);
  run_until([this] {
    const Reply& last = replies_[kOther].back();
    return last.kind == Reply::Kind::vm && last.vms.front().over();
  });
  EXPECT_EQ(replies_[kOther].back().vms.front().outcome, Outcome::shutdown);
}

TEST_F(StopTest, NextQvmdFindsTheVmsAndCanStopThem) {
  start({"left", "right"});
  const pid_t pid = status("left").pid;

  restart();

  EXPECT_EQ(status("left").state, VmState::running);
  EXPECT_EQ(status("left").pid, pid);
  EXPECT_EQ(ask(kOther, {.operation = Request::Operation::stop}).kind, Reply::Kind::done);
  expect_nothing_left();
}

TEST_F(StopTest, NextQvmdCleansUpAfterVmsThatEndedMeanwhile) {
  start({"left", "right"});
  supervisor_.reset();
  host_.end("left", DomainEvent::Stop::shutdown);
  host_.end("right", DomainEvent::Stop::shutdown);
  restart();
  run_until([this] { return supervisor_->idle(); });
  expect_nothing_left();
}

TEST_F(StopTest, NextQvmdKeepsTheRegionsOfASetThatRuns) {
  start({"left", "right"});
  supervisor_.reset();
  host_.end("left", DomainEvent::Stop::shutdown);
  restart();
  wait_until_over("left");
  EXPECT_THAT(regions_.regions, ElementsAre("moo"));
  EXPECT_FALSE(exists("vm/left"));
  host_.end("right", DomainEvent::Stop::shutdown);
  wait_until_over("right");
  expect_nothing_left();
}

TEST_F(StopTest, NextQvmdTakesASetAwayThatWasNotStartedCompletely) {
  start({"left", "right"});
  supervisor_.reset();
  std::filesystem::remove(root_ + "/vm/left/started");
  std::filesystem::remove(root_ + "/vm/right/started");
  restart();
  EXPECT_THAT(host_.domains(), IsEmpty());
  EXPECT_THAT(regions_.vms, IsEmpty());
  EXPECT_THAT(regions_.regions, IsEmpty());
  EXPECT_TRUE(std::filesystem::is_empty(root_ + "/vm"));
}

TEST_F(StopTest, NextQvmdKeepsASetOfWhichOneMarkIsThere) {
  start({"left", "right"});
  supervisor_.reset();
  std::filesystem::remove(root_ + "/vm/right/started");
  restart();
  EXPECT_EQ(status("left").state, VmState::running);
  EXPECT_EQ(status("right").state, VmState::running);
}

TEST_F(StopTest, OwnerFindsItsVmAgainInTheNextQvmd) {
  start({"left"}, true);
  restart();
  EXPECT_EQ(ask(kOther, {.operation = Request::Operation::watch, .owned = true, .names = {"left"}}).kind,
            Reply::Kind::done);
  supervisor_->client_gone(kOther);
  wait_until_over("left");
  expect_nothing_left();
}

}  // namespace
}  // namespace qvm::test
