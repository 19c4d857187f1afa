// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// --fix and --diff.
#include "config/fix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "config/rules/rule.h"
#include "tests/support/config_text.h"
#include "tests/support/lint_run.h"
#include "tests/support/temporary_directory.h"
#include "tools/lint/lint_command.h"
#include "tools/lint/replace_file.h"

namespace qvm::lint {
namespace {

using test::read_file;
using test::run_lint;
using test::TemporaryDirectory;
using testing::HasSubstr;
using testing::IsEmpty;

// The text after all fixes, and how many there were.
struct Fixed {
  std::string text;
  std::size_t applied = 0;
  std::size_t left = 0;
};

Fixed fix(const std::string& text, const std::string& variable = "") {
  test::MemoryReader reader;
  reader.files["vm"] = text;
  reader.variables["A"] = variable;
  config::FixSession session(reader);
  config::VmInput input;
  input.words = {"@vm"};
  session.fix([&](config::Reader& from) { return config::load_vms({input}, test::shipped_tables(), from); });
  const auto files = session.files();
  return {files.empty() ? text : files.front().after, session.applied(), session.left()};
}

TEST(Fix, AppliesWhatIsSuggested) {
  const Fixed fixed = fix("system a\nram 64M\nvdevv ser8250 hostdevv >-\n");
  EXPECT_EQ(fixed.text, "system a\nram 64M\nvdev ser8250 hostdev >-\n");
  EXPECT_EQ(fixed.applied, 2U);
  EXPECT_EQ(fixed.left, 0U);
}

TEST(Fix, LeavesTheRestOfTheTextAlone) {
  const std::string before = "\xef\xbb\xbf# caf\xc3\xa9\r\nsystem a\r\nram  64M\r\n\tcpuu\r\n\"";
  EXPECT_EQ(fix(before).text, "\xef\xbb\xbf# caf\xc3\xa9\r\nsystem a\r\nram  64M\r\n\tcpu\r\n\"");
}

TEST(Fix, GoesOnUntilNothingIsLeft) {
  // The quoting is only seen to be missing when `cmdline` is known.
  EXPECT_EQ(fix("ram 64M\ncmdlin console=ttyS0 quiet\n").text, "ram 64M\ncmdline \"console=ttyS0 quiet\"\n");
}

TEST(Fix, NeverReplacesASubstitution) {
  const Fixed fixed = fix("ram $env{A}\n", "64MB");
  EXPECT_EQ(fixed.text, "ram $env{A}\n");
  EXPECT_EQ(fixed.applied, 0U);
}

TEST(Fix, IsStableForEveryRuleExample) {
  for (const config::Rule* rule : config::all_rules()) {
    const Fixed fixed = fix(std::string(rule->wrong.first));
    const Fixed again = fix(fixed.text);
    EXPECT_EQ(again.applied, 0U) << rule->id << "\n" << fixed.text << again.text;
    EXPECT_EQ(again.left, fixed.left) << rule->id;
  }
}

TEST(Fix, FixesAFileThatTwoVmsShareOnce) {
  test::MemoryReader reader;
  reader.files["one"] = "system one\nram 64M\n";
  reader.files["two"] = "system two\nram 64M\n";
  reader.files["common"] = "cpuu\n";
  config::FixSession session(reader);
  std::vector<config::VmInput> inputs(2);
  inputs[0].words = {"@one", "@common"};
  inputs[1].words = {"@two", "@common"};
  session.fix([&](config::Reader& from) { return config::load_vms(inputs, test::shipped_tables(), from); });
  ASSERT_EQ(session.files().size(), 1U);
  EXPECT_EQ(session.files()[0].after, "cpu\n");
  EXPECT_EQ(session.applied(), 1U);
}

TEST(Fix, LeavesTheCommandLineAlone) {
  test::MemoryReader reader;
  config::FixSession session(reader);
  config::VmInput input;
  input.words = {"ram", "64M", "cpuu"};
  session.fix([&](config::Reader& from) { return config::load_vms({input}, test::shipped_tables(), from); });
  EXPECT_THAT(session.files(), IsEmpty());
  EXPECT_EQ(session.left(), 1U);
}

TEST(FixCommand, RewritesTheFileAndTellsTheRest) {
  const TemporaryDirectory directory;
  const std::string file = directory.add("a.qvmconf", "ram 64M\ncpuu\nloq\n");
  const auto result = run_lint({"--fix", file});
  EXPECT_EQ(result.status, kErrors);
  EXPECT_EQ(read_file(file), "ram 64M\ncpu\nloq\n");
  EXPECT_EQ(result.err, "qvm-lint: fixed 1 problem in 1 file; 0 suggestions left\n");
  EXPECT_THAT(result.out, HasSubstr("unknown option 'loq'"));
  EXPECT_THAT(result.out, HasSubstr("\n1 error\n"));
}

TEST(FixCommand, IsCleanWhenEverythingWasRepaired) {
  const TemporaryDirectory directory;
  const std::string file = directory.add("a.qvmconf", "ram 64M\ncpuu\n");
  EXPECT_EQ(run_lint({"--fix", file}).status, kClean);
  EXPECT_EQ(run_lint({file}).status, kClean);
}

TEST(FixCommand, ShowsADifferenceWithoutTouchingTheFile) {
  const TemporaryDirectory directory;
  const std::string file = directory.add("a.qvmconf", "ram 64M\ncpuu\n");
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--diff", file}, std::vector<std::string>{"--fix", "--diff", file}}) {
    const auto result = run_lint(words);
    EXPECT_EQ(result.out, "--- " + file + "\n+++ " + file + "\n@@ -1,2 +1,2 @@\n ram 64M\n-cpuu\n+cpu\n");
    EXPECT_EQ(result.err, "qvm-lint: would fix 1 problem in 1 file; 0 suggestions left\n");
  }
  EXPECT_EQ(read_file(file), "ram 64M\ncpuu\n");
}

TEST(FixCommand, ShowsADifferenceOfStandardInput) {
  const auto result = run_lint({"--diff", "-"}, "ram 64M\ncpuu\n");
  EXPECT_EQ(result.out, "--- <stdin>\n+++ <stdin>\n@@ -1,2 +1,2 @@\n ram 64M\n-cpuu\n+cpu\n");
}

TEST(FixCommand, RepairsAManifest) {
  const TemporaryDirectory directory;
  directory.add("a.qvmconf", "ram 64M\n");
  const std::string file = directory.add("system.yaml", "vms:\n  a:\n    confg: a.qvmconf\n");
  EXPECT_EQ(run_lint({"--fix", file}).status, kClean);
  EXPECT_EQ(read_file(file), "vms:\n  a:\n    config: a.qvmconf\n");
}

TEST(FixCommand, IsNoSuccessIfTheFileCannotBeWritten) {
  const TemporaryDirectory directory;
  const std::string file = directory.add("a.qvmconf", "ram 64M\ncpuu\n");
  // A directory in which nothing can be made, also not by root.
  const auto result = test::run_program(
      {"unshare", "-rm", "sh", "-c",
       "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\" && exec \"$2\" --fix \"$3\"", "sh",
       directory.path(), QVM_BINARY_DIR "/bin/qvm-lint", file},
      "");
  if (result.output.starts_with("unshare:") || result.output.starts_with("mount:"))
    GTEST_SKIP() << "no mount namespaces here: " << result.output;
  EXPECT_EQ(result.status, kUnreadable);
  EXPECT_THAT(result.output, HasSubstr("qvm-lint: cannot write '" + file + "': "));
  EXPECT_THAT(result.output, HasSubstr("fixed 1 problem in 0 files"));
  EXPECT_EQ(read_file(file), "ram 64M\ncpuu\n");
}

TEST(ReplaceFile, KeepsTheMode) {
  const TemporaryDirectory directory;
  const std::string file = directory.add("a", "old");
  ASSERT_EQ(::chmod(file.c_str(), 0640), 0);
  ASSERT_TRUE(replace_file(file, "new").has_value());
  struct stat status {};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0640U);
  EXPECT_EQ(read_file(file), "new");
}

TEST(ReplaceFile, KeepsASymbolicLink) {
  const TemporaryDirectory directory;
  const std::string file = directory.add("a", "old");
  const std::string link = directory.path() + "/link";
  std::filesystem::create_symlink("a", link);
  ASSERT_TRUE(replace_file(link, "new").has_value());
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_EQ(read_file(file), "new");
}

TEST(ReplaceFile, LeavesNothingBeside) {
  const TemporaryDirectory directory;
  const std::string file = directory.add("a", "old");
  ASSERT_TRUE(replace_file(file, "new").has_value());
  EXPECT_FALSE(replace_file(directory.path() + "/missing", "new").has_value());
  EXPECT_FALSE(replace_file(directory.path(), "new").has_value());
  const auto entries = std::filesystem::directory_iterator(directory.path());
  EXPECT_EQ(std::distance(begin(entries), end(entries)), 1);
}

}  // namespace
}  // namespace qvm::lint
