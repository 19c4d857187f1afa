// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/vm_progress.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temporary_directory.h"

namespace qvm::daemon {
namespace {

class VmProgressTest : public testing::Test {
 protected:
  VmProgressTest() { std::filesystem::create_directories(paths_.vm("left")); }

  test::TemporaryDirectory directory_;
  const RuntimePaths paths_{directory_.path()};
};

TEST_F(VmProgressTest, IsReadAsItWasWritten) {
  const VmProgress written{.phase = VmProgress::Phase::restarting,
                           .since_ms = 1,
                           .due_ms = 2,
                           .in_a_row = 3,
                           .restarts = 4,
                           .stop_timeout_ms = 5,
                           .outcome = Outcome::watchdog,
                           .reason = "why"};
  ASSERT_TRUE(write_progress(paths_, "left", {}));
  ASSERT_TRUE(write_progress(paths_, "left", written));
  const auto read = read_progress(paths_, "left");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->phase, VmProgress::Phase::restarting);
  EXPECT_EQ(read->since_ms, 1);
  EXPECT_EQ(read->due_ms, 2);
  EXPECT_EQ(read->in_a_row, 3U);
  EXPECT_EQ(read->restarts, 4U);
  EXPECT_EQ(read->stop_timeout_ms, 5U);
  EXPECT_EQ(read->outcome, Outcome::watchdog);
  EXPECT_EQ(read->reason, "why");
}

TEST_F(VmProgressTest, WhatIsNotThereOrDamagedIsNone) {
  EXPECT_FALSE(read_progress(paths_, "left"));
  for (const char* text : {"", "{", "[]", "{\"phase\":\"running\"}", "{\"phase\":\"flying\"}"}) {
    std::ofstream(paths_.vm("left") + "/progress.json") << text;
    EXPECT_FALSE(read_progress(paths_, "left")) << text;
  }
}

TEST_F(VmProgressTest, CannotBeWrittenForAVmThatIsNotThere) {
  EXPECT_FALSE(write_progress(paths_, "nobody", {}));
}

}  // namespace
}  // namespace qvm::daemon
