// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/waiting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

namespace qvm::daemon {
namespace {

using config::Condition;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using Kind = Waiting::Result::Kind;

// A clock and a world of the test's own.
class WaitingTest : public testing::Test {
 protected:
  Waiting::Result look(Waiting& waiting) const {
    return waiting.look({.progress =
                             [this](const std::string& vm) {
                               const auto found = vms_.find(vm);
                               return found == vms_.end() ? Progress::not_yet : found->second;
                             },
                         .shown = [this](const std::string& vm,
                                         const std::string& text) { return shown_.contains(vm + text); },
                         .clients = [this](const std::string& region) -> std::optional<unsigned> {
                           const auto found = regions_.find(region);
                           return found == regions_.end() ? std::nullopt : std::optional(found->second);
                         }},
                        now_);
  }

  Waiting::TimePoint now_{};
  std::map<std::string, Progress> vms_;
  std::set<std::string> shown_;
  std::map<std::string, unsigned> regions_;
};

Condition started(const std::string& vm) {
  return {.kind = Condition::Kind::started, .vm = vm};
}
Condition console(const std::string& vm, const std::string& text) {
  return {.kind = Condition::Kind::console, .vm = vm, .text = text, .timeout = 30s};
}
Condition clients(const std::string& region, unsigned count) {
  return {.kind = Condition::Kind::clients, .region = region, .clients = count, .timeout = 1500ms};
}

TEST_F(WaitingTest, NothingToWaitForIsReady) {
  Waiting waiting({}, now_);
  EXPECT_EQ(look(waiting).kind, Kind::ready);
  EXPECT_FALSE(waiting.must_poll());
}

TEST_F(WaitingTest, WaitsUntilTheOtherRuns) {
  Waiting waiting({started("a")}, now_);
  EXPECT_EQ(look(waiting).kind, Kind::waiting);
  EXPECT_EQ(look(waiting).text, "VM 'a' to be started");
  EXPECT_FALSE(waiting.must_poll());
  now_ += 24h;
  EXPECT_EQ(look(waiting).kind, Kind::waiting) << "it has no time of its own";
  vms_["a"] = Progress::runs;
  const Waiting::Result result = look(waiting);
  EXPECT_EQ(result.kind, Kind::ready);
  EXPECT_THAT(result.met, ElementsAre("VM 'a' to be started"));
}

TEST_F(WaitingTest, OneThatHasRunAndEndedWasStarted) {
  Waiting waiting({started("a")}, now_);
  vms_["a"] = Progress::was_run;
  EXPECT_EQ(look(waiting).kind, Kind::ready);
}

TEST_F(WaitingTest, OneThatNeverRanEndsTheWait) {
  Waiting waiting({started("a")}, now_);
  vms_["a"] = Progress::never_ran;
  EXPECT_EQ(look(waiting).kind, Kind::failed);
  EXPECT_EQ(look(waiting).text, "it waits for VM 'a' to be started, but that VM could not be started");
}

TEST_F(WaitingTest, RegionCountsWhenItExists) {
  Waiting waiting({{.kind = Condition::Kind::region, .region = "moo", .timeout = 1s}}, now_);
  EXPECT_EQ(look(waiting).text, "region 'moo' to exist");
  EXPECT_THAT(waiting.regions(), ElementsAre("moo"));
  EXPECT_TRUE(waiting.must_poll());
  regions_["moo"] = 0;
  EXPECT_EQ(look(waiting).kind, Kind::ready);
  EXPECT_THAT(waiting.regions(), IsEmpty());
}

TEST_F(WaitingTest, ClientsAreCounted) {
  Waiting waiting({clients("moo", 2)}, now_);
  regions_["moo"] = 1;
  EXPECT_EQ(look(waiting).text, "region 'moo' to have 2 clients");
  regions_["moo"] = 3;
  EXPECT_EQ(look(waiting).kind, Kind::ready);
}

TEST_F(WaitingTest, WhatWasMetOnceStaysMet) {
  Waiting waiting({clients("moo", 2), started("a")}, now_);
  regions_["moo"] = 2;
  EXPECT_EQ(look(waiting).kind, Kind::waiting);
  regions_.clear();
  vms_["a"] = Progress::runs;
  EXPECT_EQ(look(waiting).kind, Kind::ready);
}

TEST_F(WaitingTest, TimeoutNamesWhatWasWaitedForAndWhatWasFound) {
  Waiting waiting({clients("moo", 2)}, now_);
  regions_["moo"] = 1;
  EXPECT_EQ(look(waiting).kind, Kind::waiting);
  now_ += 1499ms;
  EXPECT_EQ(look(waiting).kind, Kind::waiting);
  now_ += 1ms;
  EXPECT_EQ(look(waiting).kind, Kind::failed);
  EXPECT_EQ(look(waiting).text, "it waited 1500 ms for region 'moo' to have 2 clients; it has 1");
  regions_.clear();
  EXPECT_EQ(look(waiting).text,
            "it waited 1500 ms for region 'moo' to have 2 clients; there is no such region");
}

TEST_F(WaitingTest, TimeOfAConditionBeginsWhenTheVmsRun) {
  Waiting waiting({console("a", "ready")}, now_);
  now_ += 1h;
  EXPECT_EQ(look(waiting).kind, Kind::waiting) << "the other VM waits itself";
  vms_["a"] = Progress::runs;
  EXPECT_EQ(look(waiting).kind, Kind::waiting);
  now_ += 30s;
  EXPECT_EQ(look(waiting).text, "it waited 30 s for the console of VM 'a' to show 'ready'");
}

TEST_F(WaitingTest, ConsoleThatWillNeverShowItEndsTheWaitAtOnce) {
  Waiting waiting({console("a", "ready")}, now_);
  vms_["a"] = Progress::was_run;
  EXPECT_EQ(look(waiting).kind, Kind::failed);
  EXPECT_EQ(look(waiting).text, "it waits for the console of VM 'a' to show 'ready', but that VM has ended");
  shown_.insert("aready");
  EXPECT_EQ(look(waiting).kind, Kind::ready) << "it had shown it before";
}

TEST_F(WaitingTest, ConsoleOfAVmThatIsStartedAgainIsWaitedFor) {
  Waiting waiting({console("a", "ready")}, now_);
  vms_["a"] = Progress::runs;
  EXPECT_EQ(look(waiting).kind, Kind::waiting);
  vms_["a"] = Progress::not_yet;
  shown_.insert("aready");
  EXPECT_EQ(look(waiting).kind, Kind::waiting) << "what is there is of the run before";
  vms_["a"] = Progress::runs;
  EXPECT_EQ(look(waiting).kind, Kind::ready);
}

}  // namespace
}  // namespace qvm::daemon
