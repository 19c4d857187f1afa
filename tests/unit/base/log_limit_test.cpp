// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/base/log_limit.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/file_content.h"
#include "tests/support/long_log.h"
#include "tests/support/temporary_directory.h"

namespace qvm {
namespace {

constexpr off_t kKept = 64 * 1024;

TEST(LogLimit, KeepsTheEndOfALongOneAndItsWriterGoesOn) {
  const test::TemporaryDirectory directory;
  const std::string path = directory.path() + "/log";
  std::ofstream writer(path, std::ios::binary);
  writer << std::string(1'000'000, 'a') << std::string(kKept, 'b') << std::flush;
  shorten_log(path, kKept);
  writer << "the end" << std::flush;
  const std::string text = test::content_of(path);
  EXPECT_EQ(text.size(), 1'000'000U + kKept + 7);
  EXPECT_EQ(text.substr(1'000'000), std::string(kKept, 'b') + "the end");
  EXPECT_EQ(text.front(), '\0');
  EXPECT_LE(test::allocated_bytes(path), kKept + 4 * 4096);
}

TEST(LogLimit, LeavesAShortOneAlone) {
  const test::TemporaryDirectory directory;
  const std::string path = directory.add("log", std::string(kKept, 'a'));
  shorten_log(path, kKept);
  EXPECT_EQ(test::content_of(path), std::string(kKept, 'a'));
}

TEST(LogLimit, FollowsNoLink) {
  const test::TemporaryDirectory directory;
  const std::string target = directory.add("target", std::string(2 * kKept, 'a'));
  ASSERT_EQ(::symlink(target.c_str(), (directory.path() + "/log").c_str()), 0);
  shorten_log(directory.path() + "/log", kKept);
  EXPECT_EQ(test::content_of(target), std::string(2 * kKept, 'a'));
}

}  // namespace
}  // namespace qvm
