// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tools/lint/lint_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/rules/rule.h"
#include "tests/support/lint_run.h"
#include "tests/support/temporary_directory.h"

namespace qvm::lint {
namespace {

using test::check_schema;
using test::kGood;
using test::kWrong;
using test::Outcome;
using test::TemporaryDirectory;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

Outcome run(const std::vector<std::string>& words) {
  return test::run_lint(words);
}

constexpr const char* kWarned = "system warned\nram 64M\nvdev ser8250 loc 3f8\n";

TEST(LintCommand, IsSilentAboutCleanFiles) {
  const TemporaryDirectory directory;
  const Outcome result = run({directory.add("a.qvmconf", kGood)});
  EXPECT_EQ(result.status, kClean);
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_THAT(result.err, IsEmpty());
}

TEST(LintCommand, ReportsErrors) {
  const TemporaryDirectory directory;
  const std::string file = directory.add("a.qvmconf", kWrong);
  const Outcome result = run({file});
  EXPECT_EQ(result.status, kErrors);
  EXPECT_THAT(result.out,
              StartsWith(file + ":3:1: error: unknown option 'loq' [A01]\n    3 | loq\n      | ^~~\n"));
  EXPECT_THAT(result.out, HasSubstr("\n1 error\n"));
}

TEST(LintCommand, WarningsFailOnlyWhenAsked) {
  const TemporaryDirectory directory;
  const std::string file = directory.add("a.qvmconf", kWarned);
  EXPECT_EQ(run({file}).status, kClean);
  EXPECT_EQ(run({"--fail-on", "warning", file}).status, kErrors);
  EXPECT_EQ(run({"--fail-on=error", file}).status, kClean);
}

TEST(LintCommand, ChecksSeveralFilesAsOneSet) {
  const TemporaryDirectory directory;
  const Outcome result = run({directory.add("a.qvmconf", kGood), directory.add("b.qvmconf", kGood)});
  EXPECT_EQ(result.status, kErrors);
  EXPECT_THAT(result.out, HasSubstr("two VMs of the set are called 'left' [H02]"));
}

TEST(LintCommand, TakesTheWordsOfOneVm) {
  const TemporaryDirectory directory;
  const Outcome result = run({"@" + directory.add("a.qvmconf", kGood), "@" + directory.add("b.conf", "cpu"),
                              "set", "exit-on-halt", "never"});
  EXPECT_EQ(result.status, kErrors);
  EXPECT_THAT(result.out, StartsWith("<command line>:1:"));
  EXPECT_THAT(result.out, HasSubstr("1 error\n"));
}

TEST(LintCommand, ChecksAManifest) {
  const TemporaryDirectory directory;
  directory.add("a.qvmconf", kWrong);
  const Outcome result = run({directory.add("system.yaml", "vms:\n  wrong:\n    config: a.qvmconf\n")});
  EXPECT_EQ(result.status, kErrors);
  EXPECT_THAT(result.out, HasSubstr("a.qvmconf:3:1: error: unknown option 'loq' [A01]"));
}

TEST(LintCommand, ReportsWhatItCannotRead) {
  const TemporaryDirectory directory;
  EXPECT_EQ(run({directory.path() + "/missing.qvmconf"}).status, kUnreadable);
  EXPECT_EQ(run({directory.path() + "/missing.yaml"}).status, kUnreadable);
  EXPECT_EQ(run({directory.path()}).status, kUnreadable);
}

class BadUsage : public testing::TestWithParam<std::vector<std::string>> {};

TEST_P(BadUsage, IsRefused) {
  const Outcome result = run(GetParam());
  EXPECT_EQ(result.status, kUsage);
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_THAT(result.err, StartsWith("qvm-lint: "));
  EXPECT_THAT(result.err, HasSubstr("\nTry 'qvm-lint --help'.\n"));
}

using Words = std::vector<std::string>;
INSTANTIATE_TEST_SUITE_P(Lines, BadUsage,
                         testing::Values(Words{}, Words{"--format", "xml", "a"}, Words{"--frobnicate"},
                                         Words{"--explain", "Z99"}, Words{"--color"}, Words{"-", "-"},
                                         Words{"--fix", "-"}));

TEST(LintCommand, ColorsOnlyWhenAsked) {
  const TemporaryDirectory directory;
  const std::string file = directory.add("a.qvmconf", kWrong);
  EXPECT_THAT(run({file}).out, Not(HasSubstr("\x1b")));
  EXPECT_THAT(run({"--color", "never", file}).out, Not(HasSubstr("\x1b")));
  EXPECT_THAT(run({"--color", "always", file}).out, HasSubstr("\x1b[1;31merror"));
}

TEST(LintCommand, JsonFollowsItsSchema) {
  const TemporaryDirectory directory;
  const std::string wrong = directory.add(
      "a.qvmconf",
      "ram 64M\nsystem wrong\nloq\ncpu 2\nvdev shmem loc 0x1c050000 allow a deny b\nload missing\n");
  for (const std::string& file : {wrong, directory.add("b.qvmconf", kGood)}) {
    const auto checked = check_schema("schemas/diagnostics.schema.json", run({"--format", "json", file}).out);
    EXPECT_EQ(checked.status, 0) << checked.output;
  }
}

TEST(LintCommand, ListsAndExplainsEveryRule) {
  const std::string list = run({"--list-rules"}).out;
  for (const config::Rule* rule : config::all_rules()) {
    EXPECT_THAT(list, HasSubstr(std::string(rule->id) + " "));
    const Outcome result = run({"--explain", std::string(rule->id)});
    EXPECT_EQ(result.status, kClean);
    EXPECT_THAT(result.out, StartsWith(std::string(rule->id) + " ("));
    EXPECT_THAT(result.out, HasSubstr("\nWrong:\n"));
  }
}

TEST(LintCommand, ShowsHelpAndVersion) {
  const Outcome help = run({"--help"});
  EXPECT_EQ(help.status, kClean);
  EXPECT_THAT(help.out, HasSubstr("qvm-lint left.qvmconf right.qvmconf"));
  EXPECT_THAT(help.out, HasSubstr("Exit status"));
  const Outcome version = run({"--version"});
  EXPECT_EQ(version.status, kClean);
  EXPECT_THAT(version.out, StartsWith("qvm-lint "));
}

TEST(LintCommand, KnowsVdevsOfPluginDirectories) {
  const TemporaryDirectory directory;
  const TemporaryDirectory plugins;
  plugins.add("acme.json", R"({"name": "acme", "documentation": "A device.", "options":
      [{"name": "speed", "arguments": [{"name": "N", "type": "number"}], "documentation": "How fast."}]})");
  const std::string file = directory.add("a.qvmconf", "ram 64M\nvdev acme speed fast\n");
  EXPECT_THAT(run({file}).out, HasSubstr("unknown vdev type 'acme'"));
  const Outcome result = run({"--plugin-dir", plugins.path(), file});
  EXPECT_EQ(result.status, kErrors);
  EXPECT_THAT(result.out, HasSubstr("'fast' is not a number [A20]"));
}

TEST(LintCommand, TellsOfBrokenTables) {
  const TemporaryDirectory plugins;
  plugins.add("acme.json", "{}");
  const TemporaryDirectory directory;
  const Outcome result = run({"--plugin-dir", plugins.path(), directory.add("a.qvmconf", kGood)});
  EXPECT_EQ(result.status, kUnreadable);
  EXPECT_THAT(result.err, HasSubstr("acme.json: /name: is missing"));
}

TEST(LintCommand, GuessesAMistypedOption) {
  EXPECT_EQ(run({"--fromat", "json", "a.qvmconf"}).err,
            "qvm-lint: no option '--fromat': did you mean '--format'?\nTry 'qvm-lint --help'.\n");
}

TEST(LintCommand, JudgesByAVersionOfQnx) {
  const TemporaryDirectory directory;
  const std::string file = directory.add("a.qvmconf", "ram 64M\ncpu cluster _cpu-1\n");
  EXPECT_THAT(run({file}).out, IsEmpty());
  EXPECT_THAT(run({"--qnx-version", "8.0", file}).out, IsEmpty());
  const Outcome old = run({"--qnx-version", "7.1", file});
  EXPECT_EQ(old.status, kClean);
  EXPECT_THAT(old.out, HasSubstr("a.qvmconf:2:5: warning: 'cluster' of cpu is not in version 7.1"));
  const Outcome unknown = run({"--qnx-version", "6.6", file});
  EXPECT_EQ(unknown.status, kUsage);
  EXPECT_THAT(unknown.err, HasSubstr("--qnx-version"));
}

TEST(LintCommand, DescribesEveryOption) {
  const Outcome text = run({"--list-options"});
  EXPECT_EQ(text.status, kClean);
  EXPECT_THAT(text.out, HasSubstr("# vdev virtio-blk"));
  EXPECT_THAT(text.out, HasSubstr("### `create NAME,SIZE[,MODE[,GID]]`"));
  const Outcome json = run({"--list-options", "--format", "json"});
  EXPECT_EQ(json.status, kClean);
  const auto checked = check_schema("schemas/reference.schema.json", json.out);
  EXPECT_EQ(checked.status, 0) << checked.output;
}

TEST(LintCommand, DescribesTheVdevsOfPluginDirectories) {
  const TemporaryDirectory plugins;
  plugins.add("acme.json", R"({"name": "acme", "documentation": "A device of our own."})");
  EXPECT_THAT(run({"--list-options", "--plugin-dir", plugins.path()}).out,
              HasSubstr("# vdev acme\n\nA device of our own."));
}

// The tables follow the schema that plugin authors are given.
class ShippedTable : public testing::TestWithParam<std::string> {};

std::vector<std::string> shipped_tables() {
  std::vector<std::string> names = {"vm", "vdev-common"};
  for (const auto& entry : std::filesystem::directory_iterator(QVM_SOURCE_DIR "/schemas/vdevs"))
    names.push_back("vdevs/" + entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

TEST_P(ShippedTable, FollowsItsSchema) {
  std::ifstream file(std::string(QVM_SOURCE_DIR "/schemas/") + GetParam() + ".json");
  std::ostringstream text;
  text << file.rdbuf();
  const auto checked = check_schema("schemas/option-table.schema.json", text.str());
  EXPECT_EQ(checked.status, 0) << checked.output;
}

INSTANTIATE_TEST_SUITE_P(Schemas, ShippedTable, testing::ValuesIn(shipped_tables()), [](const auto& one) {
  std::string name = one.param;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '-' || c == '/'; }, '_');
  return name;
});

}  // namespace
}  // namespace qvm::lint
