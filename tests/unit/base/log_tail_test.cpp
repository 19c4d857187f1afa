// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/base/log_tail.h"

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"

namespace qvm {
namespace {

TEST(LogTail, IsTheLastLineThatSaysSomething) {
  const test::TemporaryDirectory directory;
  const std::string path = directory.add("log", "old\n");
  const off_t length = length_of(path);
  EXPECT_EQ(length, 4);
  EXPECT_EQ(last_line_after(path, length), "");
  directory.add("log", "old\nfirst\nlast\n\n");
  EXPECT_EQ(last_line_after(path, length), "last");
}

TEST(LogTail, OfNothingIsEmpty) {
  EXPECT_EQ(length_of("/proc/self/none"), 0);
  EXPECT_EQ(last_line_after("/proc/self/none", 0), "");
}

}  // namespace
}  // namespace qvm
