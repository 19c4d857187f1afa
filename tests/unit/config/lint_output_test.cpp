// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What the linter prints for other programs, and what it does when nobody can read it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "config/lint/render.h"
#include "config/rules/rule.h"
#include "tests/support/config_text.h"
#include "tests/support/lint_run.h"
#include "tests/support/temporary_directory.h"
#include "tools/lint/lint_command.h"

namespace qvm::lint {
namespace {

using nlohmann::json;
using test::run_lint;
using test::TemporaryDirectory;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kSarifSchema = "tests/support/sarif-2.1.0-subset.schema.json";

std::string github(const config::LoadedSystem& system) {
  const config::Findings set{system.diagnostics, system.sources};
  return config::render_github(std::span(&set, 1));
}

json sarif_run(const config::LoadedSystem& system) {
  const config::Findings set{system.diagnostics, system.sources};
  return json::parse(config::render_sarif(std::span(&set, 1), "1.2.3", true))["runs"][0];
}

// One finding about a text of our own.
config::LoadedSystem with_finding(const std::string& name, const std::string& text,
                                  config::Diagnostic finding) {
  config::LoadedSystem system;
  finding.where.source = system.sources.add(name, text);
  system.diagnostics.add(std::move(finding));
  return system;
}

TEST(SarifOutput, FollowsTheStandard) {
  const TemporaryDirectory directory;
  const std::string wrong = directory.add(
      "a b,c.qvmconf",
      "ram 64M\nsystem wrong\nloq\ncpu 2\nvdev shmem loc 0x1c050000 allow a deny b\nload missing\nvdevv x\n");
  const std::string good = directory.add("good.qvmconf", "ram 64M\n");
  const std::string manifest = directory.add("system.yaml", "vms:\n  a:\n    confik: good.qvmconf\n");
  for (const std::string& file : {wrong, good, manifest, directory.path() + "/missing.qvmconf"}) {
    const auto checked = test::check_schema(kSarifSchema, run_lint({"--format", "sarif", file}).out);
    EXPECT_EQ(checked.status, 0) << file << "\n" << checked.output;
  }
}

TEST(SarifOutput, NamesRuleAndPlace) {
  const auto run = sarif_run(test::load_text("ram 64M\n  hostdev\n"));
  const json& result = run["results"][0];
  EXPECT_EQ(result["ruleId"], "A01");
  EXPECT_EQ(run["tool"]["driver"]["rules"][result["ruleIndex"].get<std::size_t>()]["id"], "A01");
  EXPECT_EQ(result["level"], "error");
  EXPECT_THAT(result["message"]["text"].get<std::string>(), StartsWith("unknown option 'hostdev'\n"));
  const json& place = result["locations"][0]["physicalLocation"];
  EXPECT_EQ(place["artifactLocation"]["uri"], "vms/one.qvmconf");
  EXPECT_EQ(place["region"], json({{"startLine", 2}, {"startColumn", 3}, {"endLine", 2}, {"endColumn", 10}}));
}

TEST(SarifOutput, ListsEveryRuleOnce) {
  const auto run = sarif_run(test::load_text("ram 64M\n"));
  EXPECT_EQ(run["tool"]["driver"]["rules"].size(), config::all_rules().size());
  EXPECT_EQ(run["tool"]["driver"]["version"], "1.2.3");
  EXPECT_TRUE(run["results"].empty());
}

TEST(SarifOutput, CountsCharactersNotBytes) {
  const auto run = sarif_run(test::load_text("ram 64M cmdline \"\xc3\xa4\xe2\x82\xac\" loq\n"));
  EXPECT_EQ(run["results"][0]["locations"][0]["physicalLocation"]["region"]["startColumn"], 22);
}

TEST(SarifOutput, HasFixesAndRelatedPlaces) {
  const auto run =
      sarif_run(test::load_texts({"system a\nram 64M\n", "system a\nram 64M\nvdevv shmem loc 1\n"}));
  std::size_t fixes = 0;
  std::size_t related = 0;
  for (const json& result : run["results"]) {
    if (result.contains("relatedLocations")) ++related;
    if (!result.contains("fixes")) continue;
    ++fixes;
    const json& change = result["fixes"][0]["artifactChanges"][0];
    EXPECT_EQ(change["artifactLocation"]["uri"], "vms/two.qvmconf");
    EXPECT_EQ(change["replacements"][0]["insertedContent"]["text"], "vdev");
  }
  EXPECT_EQ(fixes, 1U);
  EXPECT_GE(related, 1U);
}

TEST(SarifOutput, EscapesPaths) {
  config::Diagnostic finding;
  finding.rule = "A01";
  finding.message = "m";
  const auto uri = [&](const std::string& name) {
    const auto run = sarif_run(with_finding(name, "x", finding));
    return run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        .get<std::string>();
  };
  finding.where = {0, 0, 1};
  EXPECT_EQ(uri("a b%/\xc3\xa4.qvmconf"), "a%20b%25/%C3%A4.qvmconf");
  EXPECT_EQ(uri("/a:b"), "file:///a%3Ab");
  EXPECT_EQ(uri("./a"), "a");
  EXPECT_EQ(uri("<stdin>"), "%3Cstdin%3E");
}

TEST(SarifOutput, TellsIfNotEverythingWasRead) {
  const TemporaryDirectory directory;
  const auto outcome = run_lint({"--format", "sarif", directory.path() + "/missing.qvmconf"});
  EXPECT_EQ(outcome.status, kUnreadable);
  EXPECT_EQ(json::parse(outcome.out)["runs"][0]["invocations"][0]["executionSuccessful"], false);
}

TEST(GithubOutput, IsOneCommandALine) {
  const std::string text = github(test::load_text("ram 64M\n  loq\n"));
  EXPECT_THAT(text,
              StartsWith("::error file=vms/one.qvmconf,line=2,col=3,endColumn=6,title=qvm-lint A01::unknown "
                         "option 'loq'%0Ahelp: "));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
}

TEST(GithubOutput, CallsSeveritiesAsGithubDoes) {
  config::Diagnostic finding;
  finding.rule = "A01";
  finding.message = "m";
  finding.where = {0, 0, 3};
  finding.severity = config::Severity::warning;
  EXPECT_EQ(github(with_finding("f", "a\nb", finding)),
            "::warning file=f,line=1,endLine=2,title=qvm-lint A01::m\n");
  finding.severity = config::Severity::info;
  finding.where = {};
  config::LoadedSystem nowhere;
  nowhere.diagnostics.add(finding);
  EXPECT_EQ(github(nowhere), "::notice title=qvm-lint A01::m\n");
}

TEST(GithubOutput, EscapesWhatWouldEndACommandOrAProperty) {
  config::Diagnostic finding;
  finding.rule = "A01";
  finding.message = "100%, a:b\r\n::error::injected";
  finding.help = "do it";
  finding.where = {0, 0, 1};
  EXPECT_EQ(github(with_finding("C:\\a,b%.conf", "x", finding)),
            "::error file=C%3A\\a%2Cb%25.conf,line=1,col=1,endColumn=2,title=qvm-lint A01::"
            "100%25, a:b%0D%0A::error::injected%0Ahelp: do it\n");
}

TEST(GithubOutput, TellsOtherPlacesInTheText) {
  const auto text = github(test::load_texts({"system a\nram 64M\n", "system a\nram 64M\n"}));
  EXPECT_THAT(text, HasSubstr("::two VMs of the set are called 'a'%0Anote: vms/one.qvmconf:1:8: "));
}

TEST(JsonOutput, PutsSeveralSetsIntoOneDocument) {
  const TemporaryDirectory directory;
  directory.add("a.qvmconf", "system a\nram 64M\nloq\n");
  directory.add("b.qvmconf", "system a\nram 64M\nloq\n");
  const auto document = json::parse(run_lint({"--format", "json", directory.path()}).out);
  EXPECT_EQ(document["errors"], 2);
  EXPECT_EQ(document["diagnostics"].size(), 2U);
}

// A disk that is full from the first byte.
class FullDisk final : public std::streambuf {
 protected:
  int overflow(int) override { return traits_type::eof(); }
  std::streamsize xsputn(const char*, std::streamsize) override { return 0; }
};

class UnwritableOutput : public testing::TestWithParam<std::vector<std::string>> {};

TEST_P(UnwritableOutput, IsNeverSuccess) {
  const TemporaryDirectory directory;
  std::vector<std::string> words = GetParam();
  words.push_back(directory.add("warned.qvmconf", "system warned\nram 64M\nvdev ser8250 loc 3f8\n"));
  std::vector<const char*> argv{"qvm-lint"};
  for (const std::string& word : words) argv.push_back(word.c_str());
  FullDisk disk;
  std::istringstream in;
  std::ostream out(&disk);
  std::ostringstream err;
  EXPECT_EQ(lint::run_lint(static_cast<int>(argv.size()), argv.data(), in, out, err), kUnreadable);
  EXPECT_EQ(err.str(), "qvm-lint: cannot write the output\n");
}

INSTANTIATE_TEST_SUITE_P(Forms, UnwritableOutput,
                         testing::Values(std::vector<std::string>{},
                                         std::vector<std::string>{"--format", "json"},
                                         std::vector<std::string>{"--format", "sarif"},
                                         std::vector<std::string>{"--format", "github"},
                                         std::vector<std::string>{"--list-rules"},
                                         std::vector<std::string>{"--help"}));

TEST(LintProgram, SaysSoIfTheDiskIsFull) {
  const TemporaryDirectory directory;
  const std::string file = directory.add("a.qvmconf", "ram 64M\nloq\n");
  const auto result = test::run_program(
      {"sh", "-c", "exec \"$0\" \"$1\" > /dev/full", QVM_BINARY_DIR "/bin/qvm-lint", file}, "");
  EXPECT_EQ(result.status, kUnreadable);
  EXPECT_EQ(result.output, "qvm-lint: cannot write the output\n");
}

}  // namespace
}  // namespace qvm::lint
