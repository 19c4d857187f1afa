// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The guests' own runtime, without any device of ours.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/guest_machine.h"

namespace {

using qvm::test::GuestMachine;
using testing::HasSubstr;

class GuestRuntime : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() != "tcg" && !qvm::test::kvm_works()) GTEST_SKIP() << "/dev/kvm cannot be used here";
  }
};

TEST_P(GuestRuntime, BootsResetsRunsASecondProcessorAndPowersOff) {
  const auto result = qvm::test::run_guest({.accelerator = GetParam(),
                                            .kernel = qvm::test::guest_image("boot-check"),
                                            .command_line = "name=x number=0x10 processors=2 resets=1",
                                            .more = {"-smp", "2"},
                                            .may_reset = true});
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.output, HasSubstr("boot-check: boot 1, name=x number=16\n"));
  EXPECT_THAT(result.output, HasSubstr("second processor ran\n"));
  EXPECT_THAT(result.output, HasSubstr("boot-check: ok\n"));
}

TEST_P(GuestRuntime, SaysThatThereIsNoDevice) {
  const auto result = qvm::test::run_guest(
      {.accelerator = GetParam(), .kernel = qvm::test::guest_image("register-walk"), .command_line = ""});
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.output, HasSubstr("no shared memory device at 0x1c050000"));
}

INSTANTIATE_TEST_SUITE_P(Accelerators, GuestRuntime, testing::Values("tcg", "kvm"),
                         [](const auto& test) { return test.param; });

}  // namespace
