// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/base/retry_pause.h"

#include <gtest/gtest.h>

namespace qvm {
namespace {

using std::chrono::milliseconds;

constexpr RetryPause::Bounds kBounds{
    .at_once = 2, .first = milliseconds(10), .most = milliseconds(35), .calm = milliseconds(100)};
const RetryPause::Time kFirstFailure{std::chrono::hours(1)};

TEST(RetryPause, SomeTriesFollowAtOnceThenPausesGrowToABound) {
  RetryPause retry(kBounds);
  auto now = kFirstFailure;
  for (const int expected : {0, 0, 10, 20, 35, 35}) {
    const auto pause = retry.failed(now);
    EXPECT_EQ(pause, milliseconds(expected));
    now += pause;
  }
}

TEST(RetryPause, AfterACalmTimeFailuresAreCountedAnew) {
  RetryPause retry(kBounds);
  for (int i = 0; i < 3; ++i) [[maybe_unused]] const auto ignored = retry.failed(kFirstFailure);
  EXPECT_EQ(retry.failed(kFirstFailure + milliseconds(10 + 100)), milliseconds(20))
      << "the pause is no calm time";
  EXPECT_EQ(retry.failed(kFirstFailure + milliseconds(10 + 100 + 20 + 101)), milliseconds(0));
}

}  // namespace
}  // namespace qvm
