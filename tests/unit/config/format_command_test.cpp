// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tools/lint/format_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/lint_run.h"
#include "tests/support/temporary_directory.h"
#include "tools/lint/command_support.h"

namespace qvm::lint {
namespace {

using test::read_file;
using test::run_format;
using test::TemporaryDirectory;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr const char* kUntidy = "ram   64M cpu\n";
constexpr const char* kTidy = "ram 64M\ncpu\n";

TEST(FormatCommand, RewritesFilesAndNamesThem) {
  const TemporaryDirectory directory;
  const std::string file = directory.add("a.qvmconf", kUntidy);
  const std::string tidy = directory.add("b.qvmconf", kTidy);
  const auto result = run_format({file, tidy});
  EXPECT_EQ(result.status, kClean);
  EXPECT_EQ(result.out, file + "\n");
  EXPECT_THAT(result.err, IsEmpty());
  EXPECT_EQ(read_file(file), kTidy);
}

TEST(FormatCommand, LeavesTidyFilesUntouched) {
  const TemporaryDirectory directory;
  const std::string file = directory.add("a.qvmconf", kTidy);
  const auto before = std::filesystem::last_write_time(file);
  EXPECT_THAT(run_format({file}).out, IsEmpty());
  EXPECT_EQ(std::filesystem::last_write_time(file), before);
}

TEST(FormatCommand, OnlyLooksWhenAsked) {
  const TemporaryDirectory directory;
  const std::string file = directory.add("a.qvmconf", kUntidy);
  const auto result = run_format({"--check", file});
  EXPECT_EQ(result.status, kErrors);
  EXPECT_EQ(result.out, file + "\n");
  EXPECT_EQ(read_file(file), kUntidy);
  EXPECT_EQ(run_format({"--check", directory.add("b.qvmconf", kTidy)}).status, kClean);
}

TEST(FormatCommand, ShowsTheDifference) {
  const TemporaryDirectory directory;
  const std::string file = directory.add("a.qvmconf", kUntidy);
  const std::string diff =
      "--- " + file + "\n+++ " + file + "\n@@ -1 +1,2 @@\n-ram   64M cpu\n+ram 64M\n+cpu\n";
  const auto result = run_format({"--diff", file});
  EXPECT_EQ(result.status, kClean);
  EXPECT_EQ(result.out, diff);
  const auto both = run_format({"--diff", "--check", file});
  EXPECT_EQ(both.status, kErrors);
  EXPECT_EQ(both.out, diff);
  EXPECT_EQ(read_file(file), kUntidy);
}

TEST(FormatCommand, IsAFilter) {
  const auto result = run_format({"-"}, kUntidy);
  EXPECT_EQ(result.status, kClean);
  EXPECT_EQ(result.out, kTidy);
  EXPECT_EQ(run_format({"--check", "-"}, kUntidy).status, kErrors);
  EXPECT_EQ(run_format({"--check", "--stdin-name", "x.qvmconf", "-"}, kUntidy).out, "x.qvmconf\n");
  EXPECT_THAT(run_format({"--diff", "-"}, kUntidy).out, StartsWith("--- <stdin>\n"));
}

TEST(FormatCommand, WalksThroughDirectories) {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory.path() + "/sub");
  const std::string file = directory.add("sub/a.qvmconf", kUntidy);
  directory.add("sub/a.conf", kUntidy);
  EXPECT_EQ(run_format({directory.path()}).out, file + "\n");
}

TEST(FormatCommand, LeavesWhatItDoesNotUnderstand) {
  const TemporaryDirectory directory;
  const std::string file = directory.add("a.qvmconf", "ram   64M\ncmdline \"open\n");
  const auto result = run_format({file});
  EXPECT_EQ(result.status, kUnreadable);
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_THAT(result.err, StartsWith(file + ":2:9: error: quote is never closed [A04]\n"));
  EXPECT_EQ(read_file(file), "ram   64M\ncmdline \"open\n");
  EXPECT_THAT(run_format({"-"}, "cmdline \"open").out, IsEmpty());
  EXPECT_EQ(run_format({"-"}, "cmdline \"open").status, kUnreadable);
}

TEST(FormatCommand, GoesOnAfterAFileThatCannotBeRead) {
  const TemporaryDirectory directory;
  const std::string file = directory.add("a.qvmconf", kUntidy);
  const auto result = run_format({directory.path() + "/missing", file});
  EXPECT_EQ(result.status, kUnreadable);
  EXPECT_EQ(read_file(file), kTidy);
  EXPECT_THAT(result.err, HasSubstr("qvm fmt: cannot read '"));
}

TEST(FormatCommand, KnowsVdevsOfPluginDirectories) {
  const TemporaryDirectory plugins;
  plugins.add("acme.json", R"({"name": "acme", "documentation": "A device.", "options":
      [{"name": "pair", "arguments": [{"name": "A", "type": "text"}, {"name": "B", "type": "text"}],
        "documentation": "Two."}]})");
  EXPECT_EQ(run_format({"--plugin-dir", plugins.path(), "-"}, "vdev acme pair 1 2 pair 3 4").out,
            "vdev acme\n    pair 1 2\n    pair 3 4\n");
}

TEST(FormatCommand, RefusesBadUsage) {
  using Words = std::vector<std::string>;
  for (const Words& words : {Words{}, Words{"--frobnicate"}, Words{"-", "-"}, Words{"system.yaml"}}) {
    const auto result = run_format(words);
    EXPECT_EQ(result.status, kUsage);
    EXPECT_THAT(result.err, StartsWith("qvm fmt: "));
    EXPECT_THAT(result.err, HasSubstr("\nTry 'qvm fmt --help'.\n"));
  }
}

TEST(FormatCommand, ShowsHelp) {
  const auto help = run_format({"--help"});
  EXPECT_EQ(help.status, kClean);
  EXPECT_THAT(help.out, HasSubstr("qvm fmt --check machines/"));
}

}  // namespace
}  // namespace qvm::lint
