// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What the programs say about themselves, and what they print for other programs.
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/support/run_program.h"
#include "tests/system/cli/cli_fixture.h"

namespace qvm::test {
namespace {

using testing::HasSubstr;

class Help : public testing::TestWithParam<std::vector<std::string>> {};
INSTANTIATE_TEST_SUITE_P(
    Of, Help,
    testing::Values(std::vector<std::string>{"qvm"}, std::vector<std::string>{"qvm", "up"},
                    std::vector<std::string>{"qvm", "down"}, std::vector<std::string>{"qvm", "ps"},
                    std::vector<std::string>{"qvm", "console"}, std::vector<std::string>{"qvm", "logs"},
                    std::vector<std::string>{"qvm", "regions"}, std::vector<std::string>{"qvm", "plan"},
                    std::vector<std::string>{"qvm", "lint"}, std::vector<std::string>{"qvm", "version"},
                    std::vector<std::string>{"qvm-lint"}));

TEST_P(Help, HasExamples) {
  std::vector<std::string> words = GetParam();
  std::string command = words[0];
  if (words.size() > 1) command += " " + words[1];
  words[0] = kPrograms + words[0];
  words.emplace_back("--help");
  const ProgramResult result = run_program(words, "");
  EXPECT_EQ(result.status, 0);
  const auto examples = result.output.find("Examples:\n");
  ASSERT_NE(examples, std::string::npos) << result.output;
  EXPECT_NE(result.output.find(" " + command + " ", examples), std::string::npos) << result.output;
}

// A program that people do not start themselves, and a word without which it does not run.
struct Helper {
  const char* program;
  const char* needed;
};
class HelperCommandLine : public testing::TestWithParam<Helper> {
 protected:
  static ProgramResult run(std::vector<std::string> words) {
    words.insert(words.begin(), std::string(kPrograms) + GetParam().program);
    return run_program(words, "");
  }
};
INSTANTIATE_TEST_SUITE_P(Of, HelperCommandLine,
                         testing::Values(Helper{"qvmd", "--runtime-dir=/no"},
                                         Helper{"qvm-regiond", "--runtime-dir=/no"},
                                         Helper{"qvm-relay", "--vdev=none"}));

TEST_P(HelperCommandLine, TellsWhatTheProgramIs) {
  const std::string program = GetParam().program;
  const ProgramResult help = run({"--help"});
  EXPECT_EQ(help.status, 0);
  EXPECT_THAT(help.output, HasSubstr("Usage: " + program));
  EXPECT_THAT(help.output, testing::ContainsRegex("[Ss]tart"));
  const ProgramResult version = run({"--version"});
  EXPECT_EQ(version.status, 0);
  EXPECT_THAT(version.output, testing::StartsWith(program + " "));
}

TEST_P(HelperCommandLine, NamesAWordThatMakesNoSense) {
  const ProgramResult result = run({GetParam().needed, "--nonsense"});
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.output, HasSubstr("--nonsense"));
}

using Documents = CliTest;

TEST_F(Documents, PlansFollowTheirSchema) {
  const Answer answer =
      sandbox_.qvm({"plan", "--json", "--accel", "tcg", std::string(kExamples) + "hello/system.yaml"});
  ASSERT_EQ(answer.status, 0) << answer.err;
  const auto plans = nlohmann::json::parse(answer.out);
  ASSERT_EQ(plans.size(), 2U);
  for (const auto& plan : plans) EXPECT_EQ(schema_violations("plan.schema.json", plan.dump()), "");
}

TEST_F(Documents, AnExplanationNeedsNothingToRun) {
  const std::string conf =
      sandbox_.add("left.qvmconf", guest_config("left", "idle") + "subst ,team-\nallow moo*\ndeny *\n");
  const std::string manifest = sandbox_.add("system.yaml",
                                            "vms:\n  left:\n    config: left.qvmconf\n"
                                            "    limits: {clients-per-region: 2}\n"
                                            "regions:\n  team-moo: {size: 4KiB, mode: \"0444\"}\n");
  const Answer json = sandbox_.qvm({"regions", "explain", "--json", "--file", manifest, "left", "moo"});
  ASSERT_EQ(json.status, 0) << json.err;
  EXPECT_EQ(schema_violations("explanation.schema.json", json.out), "");
  const Answer text = sandbox_.qvm({"regions", "explain", "--file", manifest, "left/shmem0", "moo"});
  EXPECT_THAT(text.out, HasSubstr("'allow moo*' fits (" + conf + ":"));
  EXPECT_THAT(text.out, HasSubstr("makes it 'team-moo' (" + conf + ":"));
  EXPECT_THAT(text.out, HasSubstr("made by the manifest (" + manifest + ":6:3)"));
  EXPECT_THAT(text.out, HasSubstr("0 of 2 used (" + manifest + ":4:5)"));
  EXPECT_THAT(text.out, HasSubstr("granted read-only, status 0 (ok)\n"));
  const Answer denied = sandbox_.qvm({"regions", "explain", "--file", manifest, "left", "other"});
  EXPECT_THAT(denied.out,
              HasSubstr("refused with status 5 (no permission): denied by the rule at " + conf + ":"));
  const Answer program =
      sandbox_.qvm({"regions", "explain", "--file", manifest, "--uid", "65534", "team-moo"});
  EXPECT_THAT(program.out, HasSubstr("a host program, uid 65534"));
  EXPECT_EQ(sandbox_.qvm({"regions", "explain", "--file", manifest, "right", "moo"}).status, 1);
  EXPECT_EQ(sandbox_.qvm({"regions", "explain", "--file", manifest, "--uid", "0", "left", "moo"}).status, 2);
}

TEST_F(Documents, LogsOfBothDaemonsFollowTheirSchema) {
  const std::string conf = sandbox_.add("left.qvmconf", guest_config("left", "idle"));
  const std::map<std::string, std::optional<std::string>> json = {{"QVM_LOG_FORMAT", "json"}};
  const Answer up = sandbox_.qvm({.words = {"up", "--detach", "--accel", "tcg", conf}, .environment = json});
  ASSERT_EQ(up.status, 0) << up.err;
  EXPECT_EQ(sandbox_.qvm({"down"}).status, 0);
  std::set<std::string> events;
  for (const char* log : {"qvmd", "regiond"}) {
    std::ifstream file(sandbox_.runtime() + "/log/" + log + ".log");
    for (std::string line; std::getline(file, line);) {
      // libvirt, in qvmd, writes there what it likes.
      if (!line.starts_with('{')) continue;
      EXPECT_EQ(schema_violations("log.schema.json", line), "") << line;
      events.insert(nlohmann::json::parse(line).at("event"));
    }
  }
  EXPECT_THAT(events, testing::IsSupersetOf({"request", "vm-state", "vm-added", "vm-removed"}));
}

TEST_F(Documents, FindingsFollowTheirSchema) {
  const std::string file = sandbox_.add("bad.qvmconf", "system bad\nramm 64M\n");
  const Answer answer = sandbox_.qvm({"lint", "--format", "json", file});
  EXPECT_EQ(answer.status, 1);
  EXPECT_EQ(schema_violations("diagnostics.schema.json", answer.out), "");
}

TEST_F(Documents, VersionIsForProgramsToo) {
  const auto version = nlohmann::json::parse(sandbox_.qvm({"version", "--json"}).out);
  EXPECT_EQ(sandbox_.qvm({"version"}).out.substr(0, 4), "qvm ");
  EXPECT_TRUE(version.at("qvm").is_string());
  EXPECT_TRUE(version.at("kvm").is_boolean());
}

}  // namespace
}  // namespace qvm::test
