// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Sets whose VMs wait for each other: in which order guests run and stop, and what is waited for in vain.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "tests/support/daemon_fixture.h"

namespace qvm::test {
namespace {

using config::Condition;
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

Condition started(const std::string& vm) {
  return {.kind = Condition::Kind::started, .vm = vm};
}
Condition console(const std::string& vm, std::chrono::milliseconds timeout = 20s) {
  return {.kind = Condition::Kind::console, .vm = vm, .text = "ready", .timeout = timeout};
}
Condition clients(const std::string& region, unsigned count, std::chrono::milliseconds timeout = 20s) {
  return {.kind = Condition::Kind::clients, .region = region, .clients = count, .timeout = timeout};
}

class OrderTest : public DaemonTest {
 protected:
  using Set = std::vector<std::pair<std::string, std::vector<Condition>>>;

  Request request_of(const Set& set) const {
    Request request{.operation = Request::Operation::start};
    for (const auto& [name, conditions] : set)
      request.plans.push_back(plan(name, {.depends_on = conditions}));
    return request;
  }
  void start(const Set& set) { supervisor_->handle(kClient, request_of(set)); }
  void wait_for(const std::string& vm, VmState state) {
    run_until([&] { return status(vm).state == state; });
  }
  void show(const std::string& vm, const std::string& text) const {
    std::ofstream(root_ + "/log/" + vm + "/console.log", std::ios::app) << text;
  }
  // The answer to the start, when it comes.
  Reply answer() {
    Reply found;
    run_until([&] {
      for (const Reply& reply : replies_[kClient]) {
        if (reply.kind != Reply::Kind::failed && reply.kind != Reply::Kind::done) continue;
        found = reply;
        return true;
      }
      return false;
    });
    return found;
  }
  void expect_nothing_left() {
    run_until([this] { return supervisor_->idle(); });
    EXPECT_THAT(host_.domains(), IsEmpty());
    EXPECT_THAT(regions_.vms, IsEmpty());
    EXPECT_TRUE(std::filesystem::is_empty(root_ + "/vm"));
    EXPECT_THAT(complaints_, IsEmpty());
  }
};

TEST_F(OrderTest, GuestsRunAfterThoseTheyDependOn) {
  EXPECT_EQ(ask(kClient, request_of({{"a", {started("b")}}, {"b", {started("c")}}, {"c", {}}})).kind,
            Reply::Kind::done);
  EXPECT_THAT(host_.resume_order(), ElementsAre("c", "b", "a"));
}

TEST_F(OrderTest, AllAreCompleteBeforeAnyRuns) {
  host_.refuse_start("b", "no such machine");
  EXPECT_EQ(ask(kClient, request_of({{"a", {}}, {"b", {started("a")}}})).text, "VM 'b': no such machine");
  EXPECT_THAT(host_.resume_order(), IsEmpty());
  expect_nothing_left();
}

TEST_F(OrderTest, WaitsForTheConsole) {
  start({{"a", {}}, {"b", {console("a")}}});
  wait_for("b", VmState::waiting);
  EXPECT_EQ(status("b").reason, "the console of VM 'a' to show 'ready'");
  EXPECT_NE(status("b").pid, 0) << "its process is complete";
  EXPECT_EQ(status("a").state, VmState::running);
  show("a", "rea");
  show("a", "dy\n");
  EXPECT_EQ(answer().kind, Reply::Kind::done);
  EXPECT_EQ(status("b").state, VmState::running);
  EXPECT_EQ(status("b").reason, "");
}

TEST_F(OrderTest, WaitsForTheClientsOfARegion) {
  start({{"a", {}}, {"b", {clients("moo", 2)}}});
  wait_for("b", VmState::waiting);
  {
    const std::lock_guard lock(regions_.mutex);
    regions_.clients["moo"] = 2;
  }
  EXPECT_EQ(answer().kind, Reply::Kind::done);
}

TEST_F(OrderTest, WhatIsWaitedForInVainEndsTheStart) {
  {
    const std::lock_guard lock(regions_.mutex);
    regions_.clients["moo"] = 1;
  }
  Request request = request_of({{"a", {}}, {"b", {clients("moo", 2, 200ms)}}});
  request.regions.push_back({.name = "other", .bytes = 4096});
  EXPECT_EQ(ask(kClient, request).text,
            "VM 'b' is not started: it waited 200 ms for region 'moo' to have 2 clients; it has 1");
  EXPECT_THAT(regions_.regions, IsEmpty());
  expect_nothing_left();
  EXPECT_THAT(log_, Contains(HasSubstr("start of a, b fails: VM 'b' is not started")));
}

TEST_F(OrderTest, VmThatEndsBeforeItShowsItEndsTheStart) {
  start({{"a", {}}, {"b", {console("a")}}});
  wait_for("b", VmState::waiting);
  host_.end("a", DomainEvent::Stop::shutdown);
  EXPECT_EQ(
      answer().text,
      "VM 'b' is not started: it waits for the console of VM 'a' to show 'ready', but that VM has ended");
  expect_nothing_left();
}

TEST_F(OrderTest, VmThatDiesWhileItWaitsEndsTheStart) {
  start({{"a", {}}, {"b", {console("a")}}});
  wait_for("b", VmState::waiting);
  host_.end("b", DomainEvent::Stop::failed);
  EXPECT_EQ(answer().text, "VM 'b' ended before it was let run: its QEMU process ended unexpectedly");
  expect_nothing_left();
}

TEST_F(OrderTest, VmThatHasDoneItsWorkDoesNotKeepOthers) {
  host_.end_at_once("a");
  start({{"a", {}}, {"b", {started("a")}}});
  EXPECT_EQ(answer().kind, Reply::Kind::done);
  run_until([this] { return status("a").over(); });
  EXPECT_EQ(status("b").state, VmState::running);
}

TEST_F(OrderTest, CancelledWaitLeavesNothing) {
  start({{"a", {}}, {"b", {console("a")}}});
  wait_for("b", VmState::waiting);
  supervisor_->handle(kClient, {.operation = Request::Operation::cancel});
  EXPECT_EQ(answer().text, "interrupted");
  expect_nothing_left();
}

TEST_F(OrderTest, StopDuringTheWaitLeavesNothing) {
  start({{"a", {}}, {"b", {console("a")}}});
  wait_for("b", VmState::waiting);
  EXPECT_EQ(ask(kOther, {.operation = Request::Operation::stop}).kind, Reply::Kind::done);
  EXPECT_EQ(answer().text, "interrupted");
  expect_nothing_left();
}

TEST_F(OrderTest, ClientThatVanishesDuringTheWaitLeavesNothing) {
  start({{"a", {}}, {"b", {console("a")}}});
  wait_for("b", VmState::waiting);
  supervisor_->client_gone(kClient);
  expect_nothing_left();
}

TEST_F(OrderTest, WhatCannotBeIsRefused) {
  EXPECT_EQ(ask(kClient, request_of({{"a", {started("nobody")}}})).text,
            "VM 'a' depends on VM 'nobody', which is not in its set");
  EXPECT_EQ(ask(kClient, request_of({{"a", {started("a")}}})).text, "VM 'a' depends on itself");
  EXPECT_EQ(ask(kClient, request_of({{"a", {started("b")}}, {"b", {started("a")}}})).text,
            "VM 'a' and VM 'b' depend on each other");
}

TEST_F(OrderTest, NameOfAVmThatWaitsIsInUse) {
  start({{"a", {}}, {"b", {console("a")}}});
  wait_for("b", VmState::waiting);
  EXPECT_EQ(ask(kOther, start_request({"b"})).text,
            "a VM 'b' is waiting already (pid " + std::to_string(status("b").pid) +
                "): stop it with 'qvm down b', or give this one another name");
}

TEST_F(OrderTest, VmsStopBeforeThoseTheyDependOn) {
  ask(kClient, request_of({{"a", {}}, {"b", {started("a")}}, {"c", {started("b")}}}));
  EXPECT_EQ(ask(kOther, {.operation = Request::Operation::stop}).kind, Reply::Kind::done);
  EXPECT_THAT(host_.end_order(), ElementsAre("c", "b", "a"));
  expect_nothing_left();
}

TEST_F(OrderTest, EachGuestGetsItsTimeWhenItsTurnComes) {
  host_.power_off_when_asked();
  ask(kClient, request_of({{"a", {}}, {"b", {started("a")}}}));
  const Reply reply = ask(kOther, {.operation = Request::Operation::stop, .timeout_ms = 60'000});
  EXPECT_EQ(reply.kind, Reply::Kind::done);
  EXPECT_THAT(host_.end_order(), ElementsAre("b", "a"));
  EXPECT_EQ(reply.vms.at(0).outcome, Outcome::stopped);
}

TEST_F(OrderTest, GuestsThatDoNotListenAreEndedInOrder) {
  ask(kClient, request_of({{"a", {}}, {"b", {started("a")}}}));
  ask(kOther, {.operation = Request::Operation::stop, .timeout_ms = 30});
  EXPECT_THAT(host_.end_order(), ElementsAre("b", "a"));
}

TEST_F(OrderTest, StopGoesOnWhenWhoAskedForItIsGone) {
  ask(kClient, request_of({{"a", {}}, {"b", {started("a")}}}));
  supervisor_->handle(kOther, {.operation = Request::Operation::stop, .timeout_ms = 30});
  supervisor_->client_gone(kOther);
  expect_nothing_left();
}

TEST_F(OrderTest, OneThatOthersDependOnCanBeStoppedAlone) {
  ask(kClient, request_of({{"a", {}}, {"b", {started("a")}}}));
  EXPECT_EQ(ask(kOther, {.operation = Request::Operation::stop, .names = {"a"}}).kind, Reply::Kind::done);
  EXPECT_EQ(status("b").state, VmState::running);
}

}  // namespace
}  // namespace qvm::test
