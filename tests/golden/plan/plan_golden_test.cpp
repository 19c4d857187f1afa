// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Every NAME.qvmconf here is planned; the results are compared with NAME.xml (libvirt domain), NAME.json
// (vmhost.json), NAME.txt (table and findings) or NAME.err (findings of a plan that fails). QVM_REGENERATE=1
// rewrites them.
//
// A first line "# host: kvm uid=1000 gid=1000 groups=44,109 caller=1000 firmware= runtime=DIR" changes the
// invented host.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "tests/support/file_content.h"
#include "tests/support/plan_fixture.h"
#include "tests/support/run_program.h"
#include "tests/support/temporary_directory.h"

namespace qvm::test {
namespace {

namespace fs = std::filesystem;

const fs::path kDirectory = QVM_SOURCE_DIR "/tests/golden/plan";

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kDirectory)) {
    if (entry.path().extension() == ".qvmconf") names.push_back(entry.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool regenerate() {
  const char* value = std::getenv("QVM_REGENERATE");
  return value != nullptr && std::string_view(value) == "1";
}

plan::HostFacts host_of(const std::string& text) {
  plan::HostFacts host = fake_host();
  std::istringstream line(text.substr(0, text.find('\n')));
  std::string word;
  line >> word >> word;
  if (word != "host:") return host;
  while (line >> word) {
    const std::string key = word.substr(0, word.find('='));
    const std::string value = word.substr(std::min(word.size(), key.size() + 1));
    if (key == "aarch64") host.architecture = config::Architecture::aarch64;
    if (key == "kvm") host.acceleration = plan::HostFacts::Acceleration::kvm;
    if (key == "uid") host.uid = static_cast<uid_t>(std::stoul(value));
    if (key == "gid") host.gid = static_cast<gid_t>(std::stoul(value));
    if (key == "caller") host.caller_uid = static_cast<uid_t>(std::stoul(value));
    if (key == "firmware") host.firmware_path = value;
    if (key == "runtime") host.runtime_directory = value;
    if (key == "plugins") host.plugin_directory = value;
    if (key == "directory") host.working_directory = value;
    if (key == "groups") {
      std::istringstream groups(value);
      for (std::string group; std::getline(groups, group, ',');) {
        host.groups.push_back(static_cast<gid_t>(std::stoul(group)));
      }
    }
  }
  return host;
}

Planned plan_case(const std::string& name) {
  FakeFiles files;
  const std::string file = name + ".qvmconf";
  files.texts[file] = content_of(kDirectory / file);
  return plan_file(files, file, host_of(files.texts[file]));
}

// A vdev's object is beside its table, and this tree is somewhere else on every machine. A path that goes
// through a folder of the same name, as /run/qvm/vm does if the tree is /qvm, is another one.
std::string without_place(std::string text) {
  static const std::string kSource = QVM_SOURCE_DIR "/";
  for (auto at = text.find(kSource); at != std::string::npos; at = text.find(kSource, at + 1)) {
    const bool begins = at == 0 || std::isalnum(static_cast<unsigned char>(text[at - 1])) == 0;
    if (begins) text.replace(at, kSource.size(), "SOURCE/");
  }
  return text;
}

class PlanGolden : public testing::TestWithParam<std::string> {
 protected:
  void check(const std::string& extension, const std::string& text) const {
    const fs::path path = kDirectory / (GetParam() + extension);
    if (regenerate()) {
      if (text.empty()) {
        fs::remove(path);
      } else {
        std::ofstream(path, std::ios::binary) << text;
      }
    }
    EXPECT_EQ(text.empty(), !fs::exists(path)) << path;
    EXPECT_EQ(text, content_of(path)) << path << "\nQVM_REGENERATE=1 rewrites it";
  }
};

TEST_P(PlanGolden, IsAsRecorded) {
  const Planned planned = plan_case(GetParam());
  const bool works = planned.plan.has_value();
  check(".err", works ? "" : planned.text());
  check(".xml", works ? planned.plan->domain_xml : "");
  check(".json", works ? without_place(planned.plan->vmhost_json) : "");
  check(".txt", works ? plan::to_table(*planned.plan) +
                            (planned.text().empty() ? "" : "\nFindings\n" + planned.text())
                      : "");
}

TEST_P(PlanGolden, DeviceTreeIsAsRecorded) {
  const Planned planned = plan_case(GetParam());
  const std::string tree = planned.plan && planned.plan->board ? planned.plan->board->device_tree : "";
  if (tree.empty()) return check(".dts", "");
  if (!program_exists("dtc")) GTEST_SKIP() << "dtc (device-tree-compiler) is not installed";
  const ProgramResult result = run_program({"dtc", "-q", "-I", "dtb", "-O", "dts"}, tree);
  EXPECT_EQ(result.status, 0) << result.output;
  // The compiler writes one text with NULs in it as several since version 1.7.
  check(".dts", std::regex_replace(result.output, std::regex("\", \""), "\\0"));
}

TEST_P(PlanGolden, DeviceTreePassesTheChecksOfItsCompiler) {
  const Planned planned = plan_case(GetParam());
  if (!planned.plan || !planned.plan->board) return;
  if (!program_exists("dtc")) GTEST_SKIP() << "dtc (device-tree-compiler) is not installed";
  const ProgramResult result =
      run_program({"dtc", "-I", "dtb", "-O", "null"}, planned.plan->board->device_tree);
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.output, "") << "no warnings";
}

TEST_P(PlanGolden, SurvivesTheWayThroughJson) {
  const Planned planned = plan_case(GetParam());
  if (!planned.plan) return;
  const std::string json = plan::to_json(*planned.plan);
  const auto read = plan::from_json(json);
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_TRUE(*read == *planned.plan) << json;
}

// The linter and the plan agree: words of a golden are all understood.
TEST_P(PlanGolden, InputIsUnderstood) {
  const Planned planned = plan_case(GetParam());
  for (const config::Diagnostic& finding : planned.loaded.diagnostics.all()) {
    if (finding.severity != config::Severity::error) continue;
    EXPECT_NE(finding.rule.substr(0, 1), "A") << finding.message;
  }
}

INSTANTIATE_TEST_SUITE_P(All, PlanGolden, testing::ValuesIn(case_names()), [](const auto& instance) {
  std::string name = instance.param;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '-'; }, '_');
  return name;
});

// The checkers read their schemas longer than a document: each is started once for all plans.
class PlanGoldenSchemas : public testing::Test {
 protected:
  // Writes a document of every plan there is, named after its configuration.
  std::vector<std::string> write_all(const std::function<std::string(const plan::VmPlan&)>& document) const {
    std::vector<std::string> paths;
    for (const std::string& name : case_names()) {
      const Planned planned = plan_case(name);
      if (!planned.plan) continue;
      paths.push_back(x_directory.path() + "/" + name);
      std::ofstream(paths.back(), std::ios::binary) << document(*planned.plan);
    }
    return paths;
  }

 private:
  TemporaryDirectory x_directory;
};

TEST_F(PlanGoldenSchemas, DomainsAreValidForLibvirt) {
  const std::string schema = "/usr/share/libvirt/schemas/domain.rng";
  if (!fs::exists(schema) || !program_exists("xmllint"))
    GTEST_SKIP() << "xmllint or libvirt's schemas are missing";
  std::vector<std::string> words{"xmllint", "--noout", "--relaxng", schema};
  const auto domains = write_all([](const plan::VmPlan& plan) { return plan.domain_xml; });
  words.insert(words.end(), domains.begin(), domains.end());
  const ProgramResult result = run_program(words, "");
  EXPECT_EQ(result.status, 0) << result.output;
  for (const std::string& domain : domains)
    EXPECT_THAT(result.output, testing::HasSubstr(domain + " validates"));
}

TEST_F(PlanGoldenSchemas, PlansFollowTheirSchema) {
  if (run_program({"/usr/bin/python3", "-c", "import jsonschema"}, "").status != 0)
    GTEST_SKIP() << "no python3-jsonschema";
  std::vector<std::string> words{"/usr/bin/python3", QVM_SOURCE_DIR "/tests/support/check_json.py",
                                 QVM_SOURCE_DIR "/schemas/plan.schema.json"};
  const auto plans = write_all([](const plan::VmPlan& plan) { return plan::to_json(plan); });
  words.insert(words.end(), plans.begin(), plans.end());
  const ProgramResult result = run_program(words, "");
  EXPECT_EQ(result.status, 0) << result.output;
  EXPECT_THAT(result.output, testing::EndsWith(fmt::format("{} documents\n", plans.size())));
}

TEST(PlanGoldenFiles, AllBelongToAConfiguration) {
  const std::vector<std::string> names = case_names();
  const std::set<std::string> known(names.begin(), names.end());
  for (const auto& entry : fs::directory_iterator(kDirectory)) {
    const std::string extension = entry.path().extension();
    if (extension != ".xml" && extension != ".json" && extension != ".txt" && extension != ".err" &&
        extension != ".dts")
      continue;
    EXPECT_TRUE(known.contains(entry.path().stem())) << entry.path() << " has no .qvmconf";
  }
}

TEST(PlanGoldenFiles, NoTwoAreTheSame) {
  std::map<std::string, std::string> seen;
  for (const std::string& name : case_names()) {
    const std::string text = content_of(kDirectory / (name + ".qvmconf"));
    EXPECT_TRUE(seen.emplace(text, name).second) << name << " is a copy of " << seen[text];
  }
}

}  // namespace
}  // namespace qvm::test
