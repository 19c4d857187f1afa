// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "qvm/cli/command.h"
#include "qvm/cli/exit_codes.h"

namespace qvm::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

struct Parsed {
  std::optional<Options> options;
  int status = -1;
  std::string out;
  std::string err;
};

Parsed parse(const std::vector<std::string>& words) {
  std::vector<const char*> argv = {"qvm"};
  for (const std::string& word : words) argv.push_back(word.c_str());
  std::ostringstream out;
  std::ostringstream err;
  Parsed parsed;
  parsed.options = parse_options(static_cast<int>(argv.size()), argv.data(), out, err, parsed.status);
  parsed.out = out.str();
  parsed.err = err.str();
  return parsed;
}

TEST(Options, LaunchesKnowTheVersionOfQnx) {
  EXPECT_EQ(parse({"up", "a.qvmconf"}).options->common.qnx_version, config::QnxVersion::v8_0);
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"up", "--qnx-version", "7.1", "a.qvmconf"},
        std::vector<std::string>{"plan", "--qnx-version", "7.1", "a.qvmconf"},
        std::vector<std::string>{"--qnx-version", "7.1", "@guest.qvmconf", "dryrun"}}) {
    const Parsed parsed = parse(words);
    ASSERT_TRUE(parsed.options) << parsed.err;
    EXPECT_EQ(parsed.options->common.qnx_version, config::QnxVersion::v7_1);
  }
  EXPECT_EQ(parse({"up", "--qnx-version", "7", "a.qvmconf"}).status, kUsage);
}

TEST(Options, UpTakesFilesAndHowToRunThem) {
  const Parsed parsed =
      parse({"up", "--accel", "tcg", "--runtime-dir", "/r", "--libvirt-uri", "qemu:///system", "--plugin-dir",
             "/p", "--plugin-dir=/q", "--detach", "--timeout", "3", "a.qvmconf", "b.qvmconf"});
  ASSERT_TRUE(parsed.options) << parsed.err;
  const Options& options = *parsed.options;
  EXPECT_EQ(options.command->name, "up");
  EXPECT_EQ(options.common.accelerator, config::Accelerator::tcg);
  EXPECT_EQ(options.common.runtime_directory, "/r");
  EXPECT_EQ(options.common.libvirt_uri, "qemu:///system");
  EXPECT_THAT(options.common.plugin_directories, ElementsAre("/p", "/q"));
  EXPECT_TRUE(options.detach);
  EXPECT_EQ(options.timeout_ms, 3000U);
  EXPECT_THAT(options.words, ElementsAre("a.qvmconf", "b.qvmconf"));
}

TEST(Options, APluginDirectoryIsOneWord) {
  const Parsed parsed = parse({"up", "--plugin-dir", "/p", "a.qvmconf"});
  ASSERT_TRUE(parsed.options) << parsed.err;
  EXPECT_THAT(parsed.options->common.plugin_directories, ElementsAre("/p"));
  EXPECT_THAT(parsed.options->words, ElementsAre("a.qvmconf"));
}

TEST(Options, AFileMakesItOneVm) {
  const Parsed parsed = parse({"@guest.qvmconf"});
  ASSERT_TRUE(parsed.options) << parsed.err;
  EXPECT_EQ(parsed.options->command->name, "");
  EXPECT_FALSE(parsed.options->common.accelerator);
  EXPECT_THAT(parsed.options->words, ElementsAre("@guest.qvmconf"));
}

TEST(Options, OwnOptionsStandBeforeTheWordsOfOneVm) {
  const Parsed parsed =
      parse({"--accel", "kvm", "--runtime-dir=/r", "@guest.qvmconf", "set", "x", "-1", "--help"});
  ASSERT_TRUE(parsed.options) << parsed.err;
  EXPECT_EQ(parsed.options->command->name, "");
  EXPECT_EQ(parsed.options->common.accelerator, config::Accelerator::kvm);
  EXPECT_EQ(parsed.options->common.runtime_directory, "/r");
  EXPECT_THAT(parsed.options->words, ElementsAre("@guest.qvmconf", "set", "x", "-1", "--help"));
}

TEST(Options, AWordOfTheLanguageMakesItOneVm) {
  const Parsed parsed = parse({"ram", "64M", "cpu", "load", "guest.elf"});
  ASSERT_TRUE(parsed.options) << parsed.err;
  EXPECT_EQ(parsed.options->command->name, "");
  EXPECT_THAT(parsed.options->words, ElementsAre("ram", "64M", "cpu", "load", "guest.elf"));
}

TEST(Options, LintGetsItsWordsUnread) {
  const Parsed parsed = parse({"lint", "--format", "json", "--nonsense"});
  ASSERT_TRUE(parsed.options) << parsed.err;
  EXPECT_EQ(parsed.options->command->name, "lint");
  EXPECT_THAT(parsed.options->words, ElementsAre("--format", "json", "--nonsense"));
}

TEST(Options, FmtGetsItsWordsUnread) {
  const Parsed parsed = parse({"fmt", "--check", "-"});
  ASSERT_TRUE(parsed.options) << parsed.err;
  EXPECT_EQ(parsed.options->command->name, "fmt");
  EXPECT_THAT(parsed.options->words, ElementsAre("--check", "-"));
}

TEST(Options, PlanHasThreeForms) {
  EXPECT_EQ(parse({"plan", "a.qvmconf"}).options->form, PlanForm::table);
  EXPECT_EQ(parse({"plan", "--json", "a.qvmconf"}).options->form, PlanForm::json);
  EXPECT_EQ(parse({"plan", "--xml", "a.qvmconf"}).options->form, PlanForm::xml);
}

TEST(Options, QuestionsKnowTheirOwn) {
  EXPECT_TRUE(parse({"ps", "--json"}).options->json);
  EXPECT_TRUE(parse({"regions", "--json"}).options->json);
  EXPECT_TRUE(parse({"logs", "-f", "left"}).options->follow);
  EXPECT_THAT(parse({"down", "left", "right"}).options->words, ElementsAre("left", "right"));
  EXPECT_THAT(parse({"down"}).options->words, IsEmpty());
}

TEST(Options, HelpIsSaidAndDone) {
  const Parsed parsed = parse({"--help"});
  EXPECT_FALSE(parsed.options);
  EXPECT_EQ(parsed.status, kOk);
  EXPECT_THAT(parsed.out, HasSubstr("Examples:"));
  EXPECT_EQ(parsed.err, "");
}

class UsageError : public testing::TestWithParam<std::vector<std::string>> {};
INSTANTIATE_TEST_SUITE_P(Of, UsageError,
                         testing::Values(std::vector<std::string>{}, std::vector<std::string>{"uq"},
                                         std::vector<std::string>{"up"},
                                         std::vector<std::string>{"up", "--accel", "xen", "a.qvmconf"},
                                         std::vector<std::string>{"up", "--accel"},
                                         std::vector<std::string>{"up", "--nonsense", "a"},
                                         std::vector<std::string>{"up", "--timeout", "-1", "a"},
                                         std::vector<std::string>{"up", "--timeout", "3601", "a"},
                                         std::vector<std::string>{"plan", "--json", "--xml", "a.qvmconf"},
                                         std::vector<std::string>{"console"},
                                         std::vector<std::string>{"console", "a", "b"},
                                         std::vector<std::string>{"logs"},
                                         std::vector<std::string>{"ps", "left"},
                                         std::vector<std::string>{"--accel", "xen", "@guest.qvmconf"},
                                         std::vector<std::string>{"--nonsense", "@guest.qvmconf"}));

TEST_P(UsageError, IsOneMessageAndWhereToLook) {
  const Parsed parsed = parse(GetParam());
  EXPECT_FALSE(parsed.options);
  EXPECT_EQ(parsed.status, kUsage);
  EXPECT_EQ(parsed.out, "");
  EXPECT_THAT(parsed.err, StartsWith("qvm: "));
  EXPECT_THAT(parsed.err, HasSubstr("\nTry 'qvm --help'.\n"));
}

TEST(Options, AMistypedCommandIsGuessed) {
  EXPECT_EQ(parse({"donw"}).err, "qvm: no command 'donw': did you mean 'down'?\nTry 'qvm --help'.\n");
  EXPECT_EQ(parse({"regoins", "--json"}).err,
            "qvm: no command 'regoins': did you mean 'regions'?\nTry 'qvm --help'.\n");
  EXPECT_THAT(parse({"frobnicate"}).err,
              StartsWith("qvm: no command 'frobnicate'; the commands are console, doctor, down, fmt, "));
  EXPECT_EQ(parse({"donw"}).status, kUsage);
}

TEST(Options, AFileIsNoCommand) {
  EXPECT_EQ(parse({"system.yaml"}).err,
            "qvm: no command 'system.yaml': 'qvm up system.yaml' starts such a file\nTry 'qvm --help'.\n");
  EXPECT_THAT(parse({"left.qvmconf"}).err, HasSubstr("'qvm up left.qvmconf' starts such a file"));
}

TEST(Options, AMistypedOptionIsGuessed) {
  EXPECT_EQ(parse({"up", "--detahc", "a.qvmconf"}).err,
            "qvm: no option '--detahc': did you mean '--detach'?\nTry 'qvm --help'.\n");
  EXPECT_EQ(parse({"ps", "--jsn"}).err,
            "qvm: no option '--jsn': did you mean '--json'?\nTry 'qvm --help'.\n");
  EXPECT_EQ(parse({"up", "--acel=tcg", "a.qvmconf"}).err,
            "qvm: no option '--acel': did you mean '--accel'?\nTry 'qvm --help'.\n");
  EXPECT_EQ(parse({"regions", "explain", "--flie", "a", "b"}).err,
            "qvm: no option '--flie': did you mean '--file'?\nTry 'qvm --help'.\n");
  EXPECT_EQ(parse({"--acel", "tcg", "@guest.qvmconf"}).err,
            "qvm: no option '--acel': did you mean '--accel'?\nTry 'qvm --help'.\n");
  EXPECT_EQ(parse({"ps", "--frobnicate"}).err, "qvm: no option '--frobnicate'\nTry 'qvm --help'.\n");
}

TEST(Options, AnOptionBeforeItsCommandIsNotGuessed) {
  EXPECT_EQ(parse({"--accel", "tcg", "up", "a.qvmconf"}).err,
            "qvm: option '--accel' stands behind the command that it belongs to\nTry 'qvm --help'.\n");
}

TEST(Options, DoctorKnowsItsOwn) {
  const Parsed parsed = parse({"doctor", "--json", "--runtime-dir", "/r"});
  ASSERT_TRUE(parsed.options) << parsed.err;
  EXPECT_EQ(parsed.options->command->name, "doctor");
  EXPECT_TRUE(parsed.options->json);
  EXPECT_EQ(parsed.options->common.runtime_directory, "/r");
}

TEST(Options, RegionsExplainsAnAttach) {
  const Parsed parsed =
      parse({"regions", "explain", "--file", "s.yaml", "--pages", "0", "--json", "left/shmem0", "moo"});
  ASSERT_TRUE(parsed.options) << parsed.err;
  EXPECT_EQ(parsed.options->command->name, "regions explain");
  EXPECT_THAT(parsed.options->words, ElementsAre("left/shmem0", "moo"));
  EXPECT_EQ(parsed.options->file, "s.yaml");
  EXPECT_EQ(parsed.options->pages, 0U);
  EXPECT_TRUE(parsed.options->json);
  const Parsed program = parse({"regions", "explain", "--uid", "nobody", "moo"});
  ASSERT_TRUE(program.options) << program.err;
  EXPECT_EQ(program.options->account, "nobody");
  EXPECT_EQ(parse({"regions"}).options->command->name, "regions");
  EXPECT_EQ(parse({"regions", "explain"}).status, kUsage);
  EXPECT_EQ(parse({"regions", "explain", "a", "b", "c"}).status, kUsage);
}

}  // namespace
}  // namespace qvm::cli
