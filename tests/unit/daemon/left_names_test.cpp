// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/left_names.h"

#include <gtest/gtest.h>

#include <future>

namespace qvm::daemon {
namespace {

constexpr std::chrono::milliseconds kMoment{100};

TEST(LeftNames, NewVmWaitsUntilNothingIsLeftOfTheOldOne) {
  LeftNames names;
  std::atomic<bool> cancelled = false;
  auto hold = names.hold("a");
  ASSERT_TRUE(hold);
  EXPECT_FALSE(names.hold("a")) << "it is looked at already";
  auto claimed = std::async(std::launch::async, [&] { return names.claim({"a", "b"}, cancelled); });
  EXPECT_EQ(claimed.wait_for(kMoment), std::future_status::timeout);
  EXPECT_TRUE(names.hold("b")) << "nothing is claimed before everything is";
  hold.reset();
  EXPECT_TRUE(claimed.get());
  EXPECT_FALSE(names.hold("a")) << "a new VM is not what is left of an old one";
  EXPECT_TRUE(names.hold("c"));
}

TEST(LeftNames, StartThatIsCancelledWaitsNoLonger) {
  LeftNames names;
  std::atomic<bool> cancelled = false;
  const auto hold = names.hold("a");
  auto claimed = std::async(std::launch::async, [&] { return names.claim({"a", "b"}, cancelled); });
  EXPECT_EQ(claimed.wait_for(kMoment), std::future_status::timeout);
  cancelled = true;
  EXPECT_FALSE(claimed.get());
  EXPECT_TRUE(names.hold("b"));
}

}  // namespace
}  // namespace qvm::daemon
