// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What the linter reads: files, directories, manifests, standard input.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "config/language/word.h"
#include "tests/support/lint_run.h"
#include "tests/support/temporary_directory.h"
#include "tools/lint/inputs.h"
#include "tools/lint/lint_command.h"

namespace qvm::lint {
namespace {

using test::kGood;
using test::kWrong;
using test::run_lint;
using test::TemporaryDirectory;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

TEST(LintInputs, ReadsStandardInput) {
  const auto result = run_lint({"-"}, kWrong);
  EXPECT_EQ(result.status, kErrors);
  EXPECT_THAT(result.out, StartsWith("<stdin>:3:1: error: unknown option 'loq' [A01]\n"));
  EXPECT_EQ(run_lint({"-"}, kGood).status, kClean);
}

TEST(LintInputs, CallsStandardInputAsAsked) {
  EXPECT_THAT(run_lint({"--stdin-name", "dir/vm.qvmconf", "-"}, kWrong).out,
              StartsWith("dir/vm.qvmconf:3:1: error"));
}

TEST(LintInputs, StandardInputCanBeOneOfASet) {
  const TemporaryDirectory directory;
  const auto result = run_lint({directory.add("a.qvmconf", kGood), "-"}, kGood);
  EXPECT_THAT(result.out, HasSubstr("two VMs of the set are called 'left' [H02]"));
}

TEST(LintInputs, StandardInputCanBeAManifest) {
  const TemporaryDirectory directory;
  directory.add("a.qvmconf", kWrong);
  const auto result = run_lint({"--stdin-name", directory.path() + "/system.yaml", "-"},
                               "vms:\n  wrong: {config: a.qvmconf}\n");
  EXPECT_THAT(result.out, StartsWith(directory.path() + "/a.qvmconf:3:1: error"));
}

TEST(LintInputs, StandardInputIsLimited) {
  const std::string limit(config::kMaximumFileBytes, ' ');
  EXPECT_THAT(run_lint({"-"}, limit).out, Not(HasSubstr("larger than")));
  const auto result = run_lint({"-"}, limit + " ");
  EXPECT_EQ(result.status, kUnreadable);
  EXPECT_THAT(result.out, HasSubstr("larger than 1048576 bytes [A22]"));
}

TEST(LintInputs, FindsConfigurationsBelowADirectoryInOrder) {
  const TemporaryDirectory directory;
  namespace fs = std::filesystem;
  fs::create_directories(directory.path() + "/b/c");
  fs::create_directories(directory.path() + "/.hidden");
  fs::create_directories(directory.path() + "/dir.qvmconf");
  for (const char* name : {"z.qvmconf", "b/c/d.qvmconf", "b/a.qvmconf", ".hidden/x.qvmconf", "a.conf"})
    directory.add(name, kGood);
  fs::create_directory_symlink(directory.path(), directory.path() + "/loop");
  std::vector<std::string> failures;
  EXPECT_THAT(configurations_below(directory.path(), failures),
              ElementsAre(directory.path() + "/b/a.qvmconf", directory.path() + "/b/c/d.qvmconf",
                          directory.path() + "/z.qvmconf"));
  EXPECT_THAT(failures, IsEmpty());
}

TEST(LintInputs, FilesOfADirectoryAreNoSet) {
  const TemporaryDirectory directory;
  directory.add("a.qvmconf", kGood);
  directory.add("b.qvmconf", kGood);
  const auto result = run_lint({directory.path()});
  EXPECT_EQ(result.status, kClean) << result.out;
  EXPECT_THAT(result.out, IsEmpty());
}

TEST(LintInputs, ADirectoryWithoutConfigurationsIsNoSuccess) {
  const TemporaryDirectory directory;
  const auto result = run_lint({directory.path()});
  EXPECT_EQ(result.status, kUnreadable);
  EXPECT_EQ(result.err, "qvm-lint: no *.qvmconf in the directory '" + directory.path() + "'\n");
}

TEST(LintInputs, ADirectoryThatCannotBeReadIsNoSuccess) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read every directory";
  const TemporaryDirectory directory;
  directory.add("a.qvmconf", kGood);
  std::filesystem::create_directory(directory.path() + "/locked");
  std::filesystem::permissions(directory.path() + "/locked", std::filesystem::perms::none);
  const auto result = run_lint({directory.path()});
  EXPECT_EQ(result.status, kUnreadable);
  EXPECT_THAT(result.err, HasSubstr("cannot read the directory"));
}

TEST(LintInputs, ChecksFilesSeparatelyWhenAsked) {
  const TemporaryDirectory directory;
  const std::string a = directory.add("a.qvmconf", kGood);
  const std::string b = directory.add("b.qvmconf", kGood);
  EXPECT_EQ(run_lint({a, b}).status, kErrors);
  EXPECT_EQ(run_lint({"--separate", a, b}).status, kClean);
}

TEST(LintInputs, EveryManifestIsASetOfItsOwn) {
  const TemporaryDirectory directory;
  directory.add("a.qvmconf", kGood);
  const std::string one = directory.add("one.yaml", "vms:\n  left: {config: a.qvmconf}\n");
  const std::string two =
      directory.add("two.yml", "vms:\n  left: {config: a.qvmconf}\n  b: {config: b.qvmconf}\n");
  directory.add("b.qvmconf", kWrong);
  EXPECT_EQ(run_lint({one, directory.path() + "/a.qvmconf"}).status, kClean);
  const auto result = run_lint({one, two});
  EXPECT_EQ(result.status, kErrors);
  EXPECT_THAT(result.out, HasSubstr("b.qvmconf:3:1: error: unknown option 'loq'"));
  EXPECT_THAT(result.out, Not(HasSubstr("[H02]")));
}

TEST(LintInputs, ComplainsAboutASharedFileOnce) {
  const TemporaryDirectory directory;
  directory.add("a.qvmconf", kWrong);
  const std::string one = directory.add("one.yaml", "vms:\n  wrong: {config: a.qvmconf}\n");
  const std::string two = directory.add("two.yaml", "vms:\n  wrong: {config: a.qvmconf}\n");
  const auto result = run_lint({one, two});
  EXPECT_THAT(result.out, HasSubstr("\n1 error\n")) << result.out;
}

TEST(LintInputs, PrintsTheSameTwice) {
  const TemporaryDirectory directory;
  for (int i = 0; i < 20; ++i) directory.add("vm" + std::to_string(i) + ".qvmconf", kWrong);
  EXPECT_EQ(run_lint({directory.path()}).out, run_lint({directory.path()}).out);
}

}  // namespace
}  // namespace qvm::lint
