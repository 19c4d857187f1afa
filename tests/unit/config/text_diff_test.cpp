// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/text/text_diff.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/support/lint_run.h"
#include "tests/support/temporary_directory.h"

namespace qvm::config {
namespace {

TEST(TextDiff, SaysNothingAboutEqualTexts) {
  EXPECT_EQ(unified_diff("f", "a\n", "a\n"), "");
  EXPECT_EQ(unified_diff("f", "", ""), "");
}

TEST(TextDiff, ShowsAChangeInItsSurroundings) {
  EXPECT_EQ(unified_diff("f", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n"),
            "--- f\n+++ f\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
}

TEST(TextDiff, JoinsChangesThatAreNear) {
  EXPECT_EQ(unified_diff("f", "a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n"),
            "--- f\n+++ f\n@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n");
}

TEST(TextDiff, SeparatesChangesThatAreFar) {
  EXPECT_EQ(unified_diff("f", "a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n"),
            "--- f\n+++ f\n@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n");
}

TEST(TextDiff, KnowsEmptyTexts) {
  EXPECT_EQ(unified_diff("f", "", "a\n"), "--- f\n+++ f\n@@ -0,0 +1 @@\n+a\n");
  EXPECT_EQ(unified_diff("f", "a\n", ""), "--- f\n+++ f\n@@ -1 +0,0 @@\n-a\n");
}

TEST(TextDiff, TellsOfAMissingLineEnd) {
  EXPECT_EQ(unified_diff("f", "a", "a\n"),
            "--- f\n+++ f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n");
}

// What `patch` makes of the difference is the second text again.
void expect_patches(const std::string& before, const std::string& after) {
  const test::TemporaryDirectory directory;
  const std::string file = directory.add("f", before);
  const std::string diff = directory.add("diff", unified_diff("f", before, after));
  const auto result = test::run_program({"patch", "-s", "-E", "-i", diff, file}, "");
  ASSERT_EQ(result.status, 0) << result.output;
  EXPECT_EQ(test::read_file(file), after);
}

TEST(TextDiff, CanBeAppliedByPatch) {
  if (!test::program_exists("patch")) GTEST_SKIP() << "patch is not installed";
  std::mt19937 random(20260101);
  for (int i = 0; i < 40; ++i) {
    std::string before;
    std::string after;
    for (int line = 0; line < 60; ++line) {
      const std::string text = std::string(1 + random() % 3, static_cast<char>('a' + random() % 4)) + "\n";
      if (random() % 8 != 0) before += text;
      if (random() % 8 != 0) after += text;
    }
    before += "end";
    expect_patches(before, after + (i % 2 == 0 ? "end" : "end\n"));
  }
}

TEST(TextDiff, IsBoundedForTextsWithNothingInCommon) {
  std::string before;
  std::string after;
  for (int i = 0; i < 100'000; ++i) {
    before += "b" + std::to_string(i) + "\n";
    after += "a" + std::to_string(i) + "\n";
  }
  const std::string diff = unified_diff("f", "same\n" + before + "same\n", "same\n" + after + "same\n");
  EXPECT_TRUE(diff.starts_with("--- f\n+++ f\n@@ -1,100002 +1,100002 @@\n same\n-b0\n-b1\n"));
}

}  // namespace
}  // namespace qvm::config
