// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Random histories of VMs, with everything going wrong that can: what the world checks holds in all of them.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <string>

#include "tests/support/lifecycle_world.h"

namespace qvm::test {
namespace {

// A million steps, or QVM_TEST_HISTORIES times as many histories.
TEST(MachineModel, RandomHistoriesLeaveNothing) {
  const char* factor = std::getenv("QVM_TEST_HISTORIES");
  const std::uint64_t histories = 1000 * (factor == nullptr ? 1 : std::stoull(factor));
  constexpr int kEvents = 1000;
  std::size_t steps = 0;
  std::size_t successors = 0;
  for (std::uint64_t seed = 0; seed < histories && !HasFailure(); ++seed) {
    SCOPED_TRACE("history " + std::to_string(seed));
    LifecycleWorld world([random = std::mt19937_64(seed)]() mutable { return random(); });
    for (int event = 0; event < kEvents && !HasFailure(); ++event) world.live();
    if (!HasFailure()) world.come_to_an_end();
    steps += world.steps();
    successors += world.successors();
  }
  RecordProperty("steps", std::to_string(steps));
  EXPECT_GT(steps, histories * kEvents / 2);
  EXPECT_GT(successors, histories);
}

}  // namespace
}  // namespace qvm::test
