// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/lifecycle/restart.h"

#include <gtest/gtest.h>

namespace qvm::lifecycle {
namespace {

using config::RestartPolicy;
using namespace std::chrono_literals;
using Choice = RestartDecision::Kind;

constexpr RestartPolicy kOnFailure{.when = RestartPolicy::When::on_failure,
                                   .max_restarts = 3,
                                   .delay = 1s,
                                   .max_delay = 5s,
                                   .stable_after = 60s};

TEST(Restart, IsNotWantedWithoutAPolicy) {
  EXPECT_EQ(decide_restart({}, Outcome::panicked, 0, 0ms).kind, Choice::end);
}

TEST(Restart, OnFailureComesAfterFailuresOnly) {
  for (const Outcome failure : {Outcome::watchdog, Outcome::unsupported, Outcome::device, Outcome::panicked,
                                Outcome::died, Outcome::not_started}) {
    EXPECT_EQ(decide_restart(kOnFailure, failure, 0, 0ms).kind, Choice::restart) << to_string(failure);
  }
  EXPECT_EQ(decide_restart(kOnFailure, Outcome::shutdown, 0, 0ms).kind, Choice::end);
  EXPECT_EQ(decide_restart(kOnFailure, Outcome::stopped, 0, 0ms).kind, Choice::end);
}

TEST(Restart, AlwaysComesAfterAPowerOffToo) {
  const RestartPolicy always{.when = RestartPolicy::When::always};
  EXPECT_EQ(decide_restart(always, Outcome::shutdown, 0, 0ms).kind, Choice::restart);
  EXPECT_EQ(decide_restart(always, Outcome::died, 1'000'000, 0ms).kind, Choice::restart);
  EXPECT_EQ(decide_restart(always, Outcome::stopped, 0, 0ms).kind, Choice::end);
}

TEST(Restart, DelayDoublesUpToItsBound) {
  RestartPolicy policy = kOnFailure;
  policy.max_restarts.reset();
  const auto delay = [&](unsigned before) {
    return decide_restart(policy, Outcome::died, before, 0ms).delay;
  };
  EXPECT_EQ(delay(0), 1s);
  EXPECT_EQ(delay(1), 2s);
  EXPECT_EQ(delay(2), 4s);
  EXPECT_EQ(delay(3), 5s);
  EXPECT_EQ(delay(4'000'000'000U), 5s);
}

TEST(Restart, EndsAfterSoManyInARow) {
  const RestartDecision third = decide_restart(kOnFailure, Outcome::died, 2, 59'999ms);
  EXPECT_EQ(third.kind, Choice::restart);
  EXPECT_EQ(third.in_a_row, 3U);
  const RestartDecision fourth = decide_restart(kOnFailure, Outcome::died, 3, 59'999ms);
  EXPECT_EQ(fourth.kind, Choice::give_up);
  EXPECT_EQ(fourth.in_a_row, 3U);
}

TEST(Restart, StableRunEndsTheRow) {
  const RestartDecision decision = decide_restart(kOnFailure, Outcome::died, 3, 60s);
  EXPECT_EQ(decision.kind, Choice::restart);
  EXPECT_EQ(decision.in_a_row, 1U);
  EXPECT_EQ(decision.delay, 1s);
}

}  // namespace
}  // namespace qvm::lifecycle
