// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/lifecycle/conditions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

namespace qvm::lifecycle {
namespace {

using config::Condition;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using Kind = Conditions::Look::Kind;

// A clock and a world of the test's own.
class ConditionsTest : public testing::Test {
 protected:
  Conditions::Look look(Conditions& waiting) const {
    return waiting.look(
        {.reached =
             [this](const std::string& vm) {
               const auto found = vms_.find(vm);
               return found == vms_.end() ? Reached::not_yet : found->second;
             },
         .shown = [this](const ConsoleText& text) { return shown_.contains(text.vm + text.text); },
         .clients = [this](const std::string& region) -> std::optional<unsigned> {
           const auto found = regions_.find(region);
           return found == regions_.end() ? std::nullopt : std::optional(found->second);
         }},
        now_);
  }

  Ticks now_{};
  std::map<std::string, Reached> vms_;
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

TEST_F(ConditionsTest, NothingToWaitForIsReady) {
  Conditions waiting({}, now_);
  EXPECT_EQ(look(waiting).kind, Kind::ready);
  EXPECT_FALSE(waiting.must_poll());
}

TEST_F(ConditionsTest, WaitsUntilTheOtherRuns) {
  Conditions waiting({started("a")}, now_);
  EXPECT_EQ(look(waiting).kind, Kind::waiting);
  EXPECT_EQ(look(waiting).text, "VM 'a' to be started");
  EXPECT_FALSE(waiting.must_poll());
  now_ += 24h;
  EXPECT_EQ(look(waiting).kind, Kind::waiting) << "it has no time of its own";
  vms_["a"] = Reached::runs;
  const Conditions::Look result = look(waiting);
  EXPECT_EQ(result.kind, Kind::ready);
  EXPECT_THAT(result.met, ElementsAre("VM 'a' to be started"));
}

TEST_F(ConditionsTest, OneThatHasRunAndEndedWasStarted) {
  Conditions waiting({started("a")}, now_);
  vms_["a"] = Reached::was_run;
  EXPECT_EQ(look(waiting).kind, Kind::ready);
}

TEST_F(ConditionsTest, OneThatNeverRanEndsTheWait) {
  Conditions waiting({started("a")}, now_);
  vms_["a"] = Reached::never_ran;
  EXPECT_EQ(look(waiting).kind, Kind::failed);
  EXPECT_EQ(look(waiting).text, "it waits for VM 'a' to be started, but that VM could not be started");
}

TEST_F(ConditionsTest, RegionCountsWhenItExists) {
  Conditions waiting({{.kind = Condition::Kind::region, .region = "moo", .timeout = 1s}}, now_);
  EXPECT_EQ(look(waiting).text, "region 'moo' to exist");
  EXPECT_THAT(waiting.regions(), ElementsAre("moo"));
  EXPECT_TRUE(waiting.must_poll());
  regions_["moo"] = 0;
  EXPECT_EQ(look(waiting).kind, Kind::ready);
  EXPECT_THAT(waiting.regions(), IsEmpty());
}

TEST_F(ConditionsTest, ClientsAreCounted) {
  Conditions waiting({clients("moo", 2)}, now_);
  regions_["moo"] = 1;
  EXPECT_EQ(look(waiting).text, "region 'moo' to have 2 clients");
  regions_["moo"] = 3;
  EXPECT_EQ(look(waiting).kind, Kind::ready);
}

TEST_F(ConditionsTest, WhatWasMetOnceStaysMet) {
  Conditions waiting({clients("moo", 2), started("a")}, now_);
  regions_["moo"] = 2;
  EXPECT_EQ(look(waiting).kind, Kind::waiting);
  regions_.clear();
  vms_["a"] = Reached::runs;
  EXPECT_EQ(look(waiting).kind, Kind::ready);
}

TEST_F(ConditionsTest, TimeoutNamesWhatWasWaitedForAndWhatWasFound) {
  Conditions waiting({clients("moo", 2)}, now_);
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

TEST_F(ConditionsTest, TimeOfAConditionBeginsWhenTheVmsRun) {
  Conditions waiting({console("a", "ready")}, now_);
  now_ += 1h;
  EXPECT_EQ(look(waiting).kind, Kind::waiting) << "the other VM waits itself";
  vms_["a"] = Reached::runs;
  EXPECT_EQ(look(waiting).kind, Kind::waiting);
  now_ += 30s;
  EXPECT_EQ(look(waiting).text, "it waited 30 s for the console of VM 'a' to show 'ready'");
}

TEST_F(ConditionsTest, ConsoleThatWillNeverShowItEndsTheWaitAtOnce) {
  Conditions waiting({console("a", "ready")}, now_);
  vms_["a"] = Reached::was_run;
  EXPECT_EQ(look(waiting).kind, Kind::failed);
  EXPECT_EQ(look(waiting).text, "it waits for the console of VM 'a' to show 'ready', but that VM has ended");
  shown_.insert("aready");
  EXPECT_EQ(look(waiting).kind, Kind::ready) << "it had shown it before";
}

TEST_F(ConditionsTest, ConsoleOfAVmThatIsStartedAgainIsWaitedFor) {
  Conditions waiting({console("a", "ready")}, now_);
  vms_["a"] = Reached::runs;
  EXPECT_EQ(look(waiting).kind, Kind::waiting);
  vms_["a"] = Reached::not_yet;
  shown_.insert("aready");
  EXPECT_EQ(look(waiting).kind, Kind::waiting) << "what is there is of the run before";
  vms_["a"] = Reached::runs;
  EXPECT_EQ(look(waiting).kind, Kind::ready);
}

}  // namespace
}  // namespace qvm::lifecycle
