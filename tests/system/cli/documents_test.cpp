// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What the programs say about themselves, and what they print for other programs.
#include <nlohmann/json.hpp>

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

TEST(DaemonHelp, TellsWhoStartsThem) {
  for (const char* program : {"qvmd", "qvm-regiond"}) {
    const ProgramResult result = run_program({std::string(kPrograms) + program, "--help"}, "");
    EXPECT_EQ(result.status, 0) << program;
    EXPECT_THAT(result.output, HasSubstr(std::string("usage: ") + program));
  }
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
