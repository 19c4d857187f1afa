// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Starting sets of VMs: all or nothing, whatever goes wrong on the way.
#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/daemon_fixture.h"

namespace qvm::test {
namespace {

using daemon::Outcome;
using daemon::Reply;
using daemon::Request;
using daemon::VmState;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class StartTest : public DaemonTest {
 protected:
  void expect_nothing_left() {
    EXPECT_THAT(host_.domains(), IsEmpty());
    EXPECT_THAT(regions_.vms, IsEmpty());
    EXPECT_THAT(regions_.regions, IsEmpty());
    EXPECT_TRUE(std::filesystem::is_empty(root_ + "/vm"));
    EXPECT_TRUE(supervisor_->idle());
    EXPECT_THAT(complaints_, IsEmpty());
  }
};

TEST_F(StartTest, RunsEveryVmOfTheSet) {
  Request request = start_request({"left", "right"});
  request.regions.push_back({.name = "moo", .bytes = 4096});

  const Reply reply = ask(kClient, request);

  EXPECT_EQ(reply.kind, Reply::Kind::done) << reply.text;
  EXPECT_THAT(host_.domains(), ElementsAre("left", "right"));
  EXPECT_THAT(regions_.vms, ElementsAre("left", "right"));
  EXPECT_THAT(regions_.regions, ElementsAre("moo"));
  ASSERT_EQ(reply.vms.size(), 2U);
  EXPECT_EQ(status("left").state, VmState::running);
  EXPECT_NE(status("right").pid, 0);
  EXPECT_TRUE(exists("vm/left/plan.json"));
  EXPECT_FALSE(supervisor_->idle());
}

TEST_F(StartTest, TellsTheClientAboutEachVm) {
  ask(kClient, start_request({"left"}));
  std::vector<VmState> states;
  for (const Reply& reply : replies_[kClient]) {
    for (const auto& vm : reply.vms) {
      if (reply.kind == Reply::Kind::vm) states.push_back(vm.state);
    }
  }
  EXPECT_THAT(states, ElementsAre(VmState::starting, VmState::running));
}

TEST_F(StartTest, OneThatFailsTakesTheOthersWithIt) {
  host_.refuse_start("right", "no such machine");
  Request request = start_request({"left", "right", "third"});
  request.regions.push_back({.name = "moo", .bytes = 4096});

  const Reply reply = ask(kClient, request);

  EXPECT_EQ(reply.kind, Reply::Kind::failed);
  EXPECT_EQ(reply.text, "VM 'right': no such machine");
  EXPECT_THAT(host_.resumed(), IsEmpty()) << "no guest runs before all VMs are complete";
  expect_nothing_left();
}

TEST_F(StartTest, GuestThatCannotBeLetRunTakesTheOthersWithIt) {
  host_.refuse_resume("right", "it will not");
  const Reply reply = ask(kClient, start_request({"left", "right"}));
  EXPECT_EQ(reply.text, "VM 'right': it will not");
  expect_nothing_left();
}

TEST_F(StartTest, RefusedRightsStartNothing) {
  regions_.refused_vm = "right";
  const Reply reply = ask(kClient, start_request({"left", "right"}));
  EXPECT_EQ(reply.text, "VM 'right': no more VMs");
  EXPECT_EQ(host_.xml_of("left"), "");
  expect_nothing_left();
}

TEST_F(StartTest, RefusedRegionStartsNothing) {
  regions_.refused_region = "two";
  Request request = start_request({"left"});
  request.regions = {{.name = "one", .bytes = 4096}, {.name = "two", .bytes = 4096}};
  const Reply reply = ask(kClient, request);
  EXPECT_EQ(reply.text, "region 'two': no more regions");
  EXPECT_EQ(host_.xml_of("left"), "");
  expect_nothing_left();
}

TEST_F(StartTest, NameInUseIsRefusedAndTheFirstRunsOn) {
  ask(kClient, start_request({"left"}));
  const pid_t pid = status("left").pid;

  const Reply reply = ask(kOther, start_request({"right", "left"}));

  EXPECT_EQ(reply.kind, Reply::Kind::failed);
  EXPECT_EQ(reply.text, "a VM 'left' is running already (pid " + std::to_string(pid) +
                            "): stop it with 'qvm down left', or give this one another name");
  EXPECT_THAT(host_.domains(), ElementsAre("left"));
}

TEST_F(StartTest, UserThatWasMadeForAnotherVmIsRefused) {
  const auto request_as = [&](const std::string& vm, bool own_uid) {
    Request request = start_request({vm});
    auto plan = nlohmann::json::parse(request.plans.front());
    plan["host"]["uid"] = ::getuid();
    plan["host"]["gid"] = ::getgid();
    plan["host"]["own_uid"] = own_uid;
    request.plans.front() = plan.dump();
    return request;
  };
  ask(kClient, request_as("left", true));

  for (const bool own_uid : {true, false}) {
    const Reply reply = ask(kOther, request_as("right", own_uid));

    EXPECT_EQ(reply.kind, Reply::Kind::failed);
    EXPECT_EQ(reply.text, "VM 'right' and VM 'left' would both run as uid " + std::to_string(::getuid()) +
                              ": give one of them another name, or a 'uid' in a manifest");
  }
  EXPECT_THAT(host_.domains(), ElementsAre("left"));
}

TEST_F(StartTest, TwoOfOneNameAreRefused) {
  EXPECT_EQ(ask(kClient, start_request({"left", "left"})).text, "two VMs of this set have the name 'left'");
}

TEST_F(StartTest, NoVmAtAllIsRefused) {
  EXPECT_EQ(ask(kClient, start_request({})).text, "there is no VM to start");
}

TEST_F(StartTest, PlanThatIsNoneIsRefused) {
  Request request{.operation = Request::Operation::start, .plans = {"{}"}};
  EXPECT_EQ(ask(kClient, request).kind, Reply::Kind::failed);
}

TEST_F(StartTest, PlanForAnotherRuntimeDirectoryIsRefused) {
  Request request = start_request({"left"});
  std::string& plan = request.plans.front();
  plan.replace(plan.find(root_), root_.size(), "/run/another");
  EXPECT_EQ(ask(kClient, request).text, "VM 'left' was planned for '/run/another', not for '" + root_ + "'");
}

TEST_F(StartTest, NameCanBeUsedAgainAfterTheEnd) {
  ask(kClient, start_request({"left"}));
  host_.end("left", host::DomainEvent::Stop::shutdown);
  run_until([this] { return supervisor_->idle(); });
  EXPECT_EQ(ask(kOther, start_request({"left"})).kind, Reply::Kind::done);
}

TEST_F(StartTest, CancelRollsBack) {
  host_.hold_starts();
  supervisor_->handle(kClient, start_request({"left", "right"}));
  supervisor_->handle(kClient, {.operation = Request::Operation::cancel});
  host_.release_starts();
  run_until([this] { return supervisor_->idle(); });
  EXPECT_EQ(replies_[kClient].back().kind, Reply::Kind::failed);
  EXPECT_EQ(replies_[kClient].back().text, "interrupted");
  expect_nothing_left();
}

TEST_F(StartTest, ClientThatVanishesMeanwhileLeavesNothing) {
  host_.hold_starts();
  supervisor_->handle(kClient, start_request({"left", "right"}));
  supervisor_->client_gone(kClient);
  host_.release_starts();
  run_until([this] { return supervisor_->idle(); });
  expect_nothing_left();
}

// While one is still being made another dies, and somebody does not want them any more.
TEST_F(StartTest, CancelEndsAlsoIfAVmHasDiedMeanwhile) {
  host_.hold_start_of("a");
  supervisor_->handle(kClient, start_request({"a", "b"}));
  while (!host_.domains().contains("b")) ::usleep(1000);
  host_.end("b", host::DomainEvent::Stop::failed);
  supervisor_->handle(kClient, {.operation = Request::Operation::cancel});
  host_.release_starts();
  run_until([this] { return supervisor_->idle(); });
  EXPECT_EQ(replies_[kClient].back().kind, Reply::Kind::failed);
  EXPECT_THAT(host_.domains(), IsEmpty());
  EXPECT_TRUE(std::filesystem::is_empty(root_ + "/vm"));
  // Its names are free again.
  EXPECT_EQ(ask(kOther, start_request({"a", "b"})).kind, Reply::Kind::done);
}

TEST_F(StartTest, StopMeanwhileCancels) {
  host_.hold_starts();
  supervisor_->handle(kClient, start_request({"left"}));
  supervisor_->handle(kOther, {.operation = Request::Operation::stop});
  host_.release_starts();
  run_until([this] { return !replies_[kOther].empty(); });
  EXPECT_EQ(replies_[kOther].back().kind, Reply::Kind::done);
  EXPECT_EQ(replies_[kClient].back().text, "interrupted");
  expect_nothing_left();
}

TEST_F(StartTest, GuestThatEndsBeforeItsStartIsDoneIsNotLost) {
  host_.end_at_once("left");
  EXPECT_EQ(ask(kClient, start_request({"left", "right"})).kind, Reply::Kind::done);
  run_until([this] { return status("left").over(); });
  EXPECT_EQ(status("left").outcome, Outcome::shutdown);
  EXPECT_EQ(status("right").state, VmState::running);
}

TEST_F(StartTest, WhatAKilledPredecessorLeftInTheDirectoryIsGone) {
  std::filesystem::create_directory(root_ + "/vm/left");
  std::ofstream(root_ + "/vm/left/stale") << "old";
  EXPECT_EQ(ask(kClient, start_request({"left"})).kind, Reply::Kind::done);
  EXPECT_FALSE(exists("vm/left/stale"));
}

TEST_F(StartTest, ConsoleLogOfTheRunBeforeIsKeptAside) {
  std::filesystem::create_directory(root_ + "/log/left");
  std::ofstream(root_ + "/log/left/console.log") << "before";
  ask(kClient, start_request({"left"}));
  EXPECT_FALSE(exists("log/left/console.log"));
  EXPECT_TRUE(exists("log/left/console.log.1"));
}

}  // namespace
}  // namespace qvm::test
