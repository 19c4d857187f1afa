// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// VMs that come back: when, how often, and what ends it.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "tests/support/daemon_fixture.h"

namespace qvm::test {
namespace {

using config::Condition;
using config::RestartPolicy;
using daemon::Outcome;
using daemon::Reply;
using daemon::Request;
using daemon::VmState;
using host::DomainEvent;
using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr RestartPolicy kLate{.when = RestartPolicy::When::always, .delay = 1h, .max_delay = 1h};

class RestartTest : public DaemonTest {
 protected:
  void start(const RestartPolicy& restart, const std::vector<Condition>& depends_on = {}) {
    Request request{.operation = Request::Operation::start,
                    .plans = {plan("a", {.depends_on = depends_on, .restart = restart}), plan("b")}};
    request.regions.push_back({.name = "moo", .bytes = 4096});
    const Reply reply = ask(kClient, request);
    ASSERT_EQ(reply.kind, Reply::Kind::done) << reply.text;
  }
  // The guest of "a" runs in this run of its domain.
  void wait_for_run(unsigned run) {
    run_until([&] {
      return host_.starts_of("a") == run && host_.resumed().contains("a") &&
             status("a").state == VmState::running;
    });
  }
  void wait_for(VmState state) {
    run_until([&] { return status("a").state == state; });
  }
  void expect_nothing_left() {
    run_until([this] { return supervisor_->idle(); });
    EXPECT_THAT(host_.domains(), IsEmpty());
    EXPECT_THAT(regions_.vms, IsEmpty());
    EXPECT_THAT(regions_.regions, IsEmpty());
    EXPECT_TRUE(std::filesystem::is_empty(root_ + "/vm"));
    EXPECT_THAT(complaints_, IsEmpty());
  }
};

// Somebody has tidied the logs away while the VM ran.
TEST_F(RestartTest, ComesBackWithoutItsLogs) {
  start(kAlwaysSoon);
  std::filesystem::remove_all(root_ + "/log");
  host_.end("a", DomainEvent::Stop::failed);
  run_until([this] { return host_.starts_of("a") == 2 && status("a").state == VmState::running; });
  EXPECT_TRUE(exists("log/a"));
}

TEST_F(RestartTest, GuestThatPowersOffComesBack) {
  start(kAlwaysSoon);
  const pid_t first = status("a").pid;
  host_.end("a", DomainEvent::Stop::shutdown);
  wait_for_run(2);
  EXPECT_NE(status("a").pid, first);
  EXPECT_EQ(status("a").restarts, 1U);
  EXPECT_EQ(status("a").outcome, Outcome::none);
  EXPECT_THAT(regions_.vms, ElementsAre("a", "b"));
  EXPECT_EQ(host_.starts_of("b"), 1U) << "nobody else is touched";
  host_.end("a", DomainEvent::Stop::failed);
  wait_for_run(3);
  ask(kOther, {.operation = Request::Operation::stop});
  expect_nothing_left();
}

TEST_F(RestartTest, ResetIsToldFromAPowerOff) {
  start(kLate);
  host_.happen("a", DomainEvent::Kind::reset);
  host_.happen("a", DomainEvent::Kind::power_off);
  host_.end("a", DomainEvent::Stop::shutdown);
  wait_for(VmState::restarting);
  EXPECT_EQ(status("a").outcome, Outcome::reset);
}

TEST_F(RestartTest, EveryFailureBringsItBack) {
  start({.when = RestartPolicy::When::on_failure, .delay = 1ms, .max_delay = 1ms});
  host_.happen("a", DomainEvent::Kind::watchdog);
  wait_for_run(2);
  host_.happen("a", DomainEvent::Kind::panicked);
  wait_for_run(3);
  host_.get_stuck("a");
  wait_for_run(4);
  host_.end("a", DomainEvent::Stop::failed);
  wait_for_run(5);
  host_.end("a", DomainEvent::Stop::shutdown);
  wait_for(VmState::stopped);
  EXPECT_EQ(status("a").restarts, 4U);
  EXPECT_THAT(log_, Contains(HasSubstr("VM 'a': has ended: watchdog: the guest's watchdog bit")));
  EXPECT_THAT(log_, Contains("VM 'a': will be started again in 1 ms, restart 1 in a row"));
}

TEST_F(RestartTest, BetweenTwoRunsItsStateTellsWhenAndWhy) {
  start(kLate);
  host_.happen("a", DomainEvent::Kind::panicked);
  wait_for(VmState::restarting);
  const daemon::VmStatus vm = status("a");
  EXPECT_EQ(vm.outcome, Outcome::panicked);
  EXPECT_EQ(vm.reason, "the guest reported a panic");
  EXPECT_GE(vm.due, vm.since + 3599);
  EXPECT_LE(vm.due, vm.since + 3602);
  EXPECT_THAT(regions_.vms, ElementsAre("b")) << "its regions are detached";
  EXPECT_THAT(regions_.regions, ElementsAre("moo"));
}

TEST_F(RestartTest, StopBetweenTwoRunsIsTheEnd) {
  start(kLate);
  host_.end("a", DomainEvent::Stop::shutdown);
  wait_for(VmState::restarting);
  EXPECT_EQ(ask(kOther, start_request({"a"})).text,
            "a VM 'a' is restarting already: stop it with 'qvm down a', or give this one another name");
  ask(kOther, {.operation = Request::Operation::stop});
  EXPECT_EQ(status("a").outcome, Outcome::stopped);
  expect_nothing_left();
}

TEST_F(RestartTest, VmThatIsStoppedDoesNotComeBack) {
  start(kAlwaysSoon);
  ask(kOther, {.operation = Request::Operation::stop, .names = {"a"}});
  EXPECT_EQ(status("a").state, VmState::stopped);
  EXPECT_EQ(host_.starts_of("a"), 1U);
}

TEST_F(RestartTest, VmThatFailsBeforeItsTurnToStopDoesNotComeBack) {
  ask(kClient, {.operation = Request::Operation::start,
                .plans = {plan("a", {.restart = kAlwaysSoon}),
                          plan("b", {.depends_on = {{.kind = Condition::Kind::started, .vm = "a"}}})}});
  supervisor_->handle(kOther, {.operation = Request::Operation::stop, .timeout_ms = 60'000});
  EXPECT_EQ(status("a").state, VmState::running) << "b goes first";
  host_.end("a", DomainEvent::Stop::failed);
  run_until([this] { return status("a").over(); });
  EXPECT_EQ(host_.starts_of("a"), 1U);
}

TEST_F(RestartTest, GivesUpAfterSoManyInARow) {
  RestartPolicy policy = kAlwaysSoon;
  policy.max_restarts = 2;
  start(policy);
  for (unsigned run = 1; run <= 3; ++run) {
    wait_for_run(run);
    host_.happen("a", DomainEvent::Kind::panicked);
  }
  wait_for(VmState::failed);
  EXPECT_EQ(status("a").outcome, Outcome::panicked);
  EXPECT_EQ(status("a").reason, "the guest reported a panic; given up after 2 restarts in a row");
  EXPECT_FALSE(exists("vm/a"));
}

TEST_F(RestartTest, StartThatFailsIsTriedAgain) {
  start(kAlwaysSoon);
  host_.refuse_start("a", "no memory");
  host_.end("a", DomainEvent::Stop::failed);
  run_until([this] { return status("a").restarts >= 3; });
  EXPECT_THAT(log_, Contains("VM 'a': has ended: not-started: no memory"));
  host_.allow_start("a");
  wait_for_run(2);
  ask(kOther, {.operation = Request::Operation::stop});
  expect_nothing_left();
}

TEST_F(RestartTest, GuestThatCannotBeLetRunIsTriedAgain) {
  start({.when = RestartPolicy::When::always, .max_restarts = 1, .delay = 1ms, .max_delay = 1ms});
  host_.refuse_resume("a", "it will not");
  host_.end("a", DomainEvent::Stop::failed);
  wait_for(VmState::failed);
  EXPECT_EQ(status("a").reason, "it will not; given up after 1 restart in a row");
  EXPECT_THAT(host_.domains(), ElementsAre("b"));
}

TEST_F(RestartTest, ComesBackWhenItsConditionsHoldAgain) {
  {
    const std::lock_guard lock(regions_.mutex);
    regions_.clients["data"] = 1;
  }
  start(kAlwaysSoon, {{.kind = Condition::Kind::region, .region = "data", .timeout = 20s}});
  {
    const std::lock_guard lock(regions_.mutex);
    regions_.clients.clear();
  }
  host_.end("a", DomainEvent::Stop::failed);
  wait_for(VmState::waiting);
  EXPECT_EQ(status("a").reason, "region 'data' to exist");
  {
    const std::lock_guard lock(regions_.mutex);
    regions_.clients["data"] = 0;
  }
  wait_for_run(2);
}

TEST_F(RestartTest, WaitingInVainIsAFailedRestart) {
  {
    const std::lock_guard lock(regions_.mutex);
    regions_.clients["data"] = 1;
  }
  RestartPolicy policy = kAlwaysSoon;
  policy.max_restarts = 1;
  start(policy, {{.kind = Condition::Kind::region, .region = "data", .timeout = 100ms}});
  {
    const std::lock_guard lock(regions_.mutex);
    regions_.clients.clear();
  }
  host_.end("a", DomainEvent::Stop::failed);
  wait_for(VmState::failed);
  EXPECT_EQ(status("a").outcome, Outcome::not_started);
  EXPECT_EQ(status("a").reason,
            "it waited 100 ms for region 'data' to exist; given up after 1 restart in a row");
  EXPECT_THAT(host_.domains(), ElementsAre("b"));
}

TEST_F(RestartTest, ConsoleLogOfTheRunBeforeIsKept) {
  start(kAlwaysSoon);
  std::ofstream(root_ + "/log/a/console.log") << "first run";
  host_.end("a", DomainEvent::Stop::failed);
  wait_for_run(2);
  EXPECT_TRUE(exists("log/a/console.log.1"));
  EXPECT_FALSE(exists("log/a/console.log"));
}

TEST_F(RestartTest, RegionsOfTheSetStayWhileOneWillComeBack) {
  start(kLate);
  host_.end("a", DomainEvent::Stop::failed);
  wait_for(VmState::restarting);
  host_.end("b", DomainEvent::Stop::shutdown);
  run_until([this] { return status("b").over(); });
  EXPECT_THAT(regions_.regions, ElementsAre("moo"));
  EXPECT_FALSE(supervisor_->idle());
  ask(kOther, {.operation = Request::Operation::stop});
  expect_nothing_left();
}

}  // namespace
}  // namespace qvm::test
