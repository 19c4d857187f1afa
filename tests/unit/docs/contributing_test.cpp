// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The examples of docs/contributing.md are linked in here, and do what the page says. Its rules go through
// every_rule_test.cpp like any other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <sstream>

#include "config/rules/rule.h"
#include "qvm/cli/command.h"
#include "tests/support/config_text.h"
#include "tests/support/plan_fixture.h"
#include "tests/support/temporary_directory.h"

namespace qvm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string text_of(const std::string& path) {
  std::ifstream file(QVM_SOURCE_DIR "/" + path);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Contributing, ThePageShowsWhatIsInTheFiles) {
  std::istringstream page(text_of("docs/contributing.md"));
  const std::regex example("`(docs/examples/[^`]+)`");
  std::string file;
  std::string block;
  bool inside = false;
  unsigned blocks = 0;
  for (std::string line; std::getline(page, line);) {
    std::smatch match;
    if (line.starts_with("```")) {
      if (inside) {
        EXPECT_THAT(text_of(file), HasSubstr(block)) << file;
        ++blocks;
      }
      block.clear();
      inside = !inside;
    } else if (inside) {
      block += line + "\n";
    } else if (std::regex_search(line, match, example)) {
      file = match[1];
    }
  }
  EXPECT_EQ(blocks, 8U);
}

TEST(Contributing, ItsRulesAreRules) {
  EXPECT_NE(config::find_rule("Z01"), nullptr);
  EXPECT_NE(config::find_rule("Z02"), nullptr);
}

TEST(Contributing, ItsOptionIsReadAndChecked) {
  const test::TemporaryDirectory directory;
  std::ofstream(directory.path() + "/acme.json")
      << R"({"name": "acme", "documentation": "A printer.", "options": [)"
      << text_of("docs/examples/options/wrap.json") << "]}";
  auto tables = config::TableSet::shipped();
  ASSERT_TRUE(tables);
  std::vector<Error> failures;
  tables->add_directory(directory.path(), failures);
  ASSERT_THAT(failures, IsEmpty());
  const auto findings = [&](const std::string& text) {
    test::MemoryReader reader;
    reader.files["vm.qvmconf"] = text;
    config::VmInput input;
    input.words = {"@vm.qvmconf"};
    std::vector<std::string> rules;
    const auto loaded = config::load_vms({input}, *tables, reader);
    for (const config::Diagnostic& one : loaded.diagnostics.all()) {
      if (one.severity == config::Severity::error) rules.push_back(one.rule);
    }
    return rules;
  };
  EXPECT_THAT(findings("system left ram 64M vdev acme wrap 80"), IsEmpty());
  EXPECT_THAT(findings("system left ram 64M vdev acme wrap 5"), ElementsAre("A20"));
}

TEST(Contributing, ItsVdevIsPlanned) {
  const test::Planned planned =
      test::plan_text("system left\nram 64M\ncpu\nload guest.elf\nvdev ioapic\nvdev edu\n");
  ASSERT_TRUE(planned.plan) << planned.text();
  EXPECT_THAT(planned.plan->domain_xml, HasSubstr("edu,id=edu0,"));
}

TEST(Contributing, ItsCommandIsACommand) {
  std::ostringstream out;
  std::ostringstream err;
  int status = -1;
  const char* const words[] = {"qvm", "names", "--runtime-dir", "/r"};
  const auto options = cli::parse_options(4, words, out, err, status);
  ASSERT_TRUE(options) << err.str();
  EXPECT_EQ(options->command->name, "names");
  EXPECT_EQ(options->common.runtime_directory, "/r");
}

}  // namespace
}  // namespace qvm
