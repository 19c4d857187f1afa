// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/lifecycle/stop_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace qvm::lifecycle {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const config::Dependencies kChain = {{"c", {"b"}}, {"b", {"a"}}};

TEST(StopOrder, LetsThoseGoFirstThatNobodyNeeds) {
  EXPECT_THAT(may_stop_now({"a", "b", "c"}, kChain), ElementsAre("c"));
  EXPECT_THAT(may_stop_now({"a", "b"}, kChain), ElementsAre("b"));
  EXPECT_THAT(may_stop_now({"a"}, kChain), ElementsAre("a"));
  EXPECT_THAT(may_stop_now({}, kChain), IsEmpty());
}

TEST(StopOrder, VmsThatDoNotDependOnEachOtherGoTogether) {
  EXPECT_THAT(may_stop_now({"a", "x", "y"}, {{"x", {"a"}}, {"y", {"a"}}}), ElementsAre("x", "y"));
}

TEST(StopOrder, WhoIsNotToStopKeepsNobody) {
  EXPECT_THAT(may_stop_now({"a", "c"}, kChain), ElementsAre("a", "c"));
}

TEST(StopOrder, CirclesEndAllTheSame) {
  EXPECT_THAT(may_stop_now({"a", "b"}, {{"a", {"b"}}, {"b", {"a"}}}), ElementsAre("a", "b"));
  EXPECT_THAT(may_stop_now({"a"}, {{"a", {"a"}}}), ElementsAre("a"));
}

TEST(Cycle, IsFoundWithAllItsVms) {
  EXPECT_THAT(config::find_cycle({{"a", {"b"}}, {"b", {"c"}}, {"c", {"x", "a"}}, {"x", {}}}),
              ElementsAre("a", "b", "c"));
  EXPECT_THAT(config::find_cycle({{"in", {"a"}}, {"a", {"b"}}, {"b", {"a"}}}), ElementsAre("a", "b"));
}

TEST(Cycle, IsNotSeenWhereThereIsNone) {
  EXPECT_THAT(config::find_cycle(kChain), IsEmpty());
  // Two ways to the same VM, a VM that names itself, and a name that has no entry.
  EXPECT_THAT(config::find_cycle({{"a", {"b", "c", "a", "nobody"}}, {"b", {"c"}}, {"c", {}}}), IsEmpty());
}

TEST(Cycle, OfManyVmsNeedsNoStack) {
  config::Dependencies chain;
  for (int i = 0; i < 100'000; ++i) chain[std::to_string(i)] = {std::to_string(i + 1)};
  EXPECT_THAT(config::find_cycle(chain), IsEmpty());
}

}  // namespace
}  // namespace qvm::lifecycle
