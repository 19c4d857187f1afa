// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Every CASE.qvmconf (or CASE.1.qvmconf, CASE.2.qvmconf, … as one set, with CASE.yaml as its manifest) of
// this folder, and the whole text that qvm-lint prints about it in CASE.err. QVM_REGENERATE=1 rewrites the
// .err files. Cases called qnx-… are about what is wrong in them, whatever this host can do: what the rules
// about the host say is left out.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "config/lint/render.h"
#include "config/load.h"
#include "config/rules/rule.h"
#include "tests/support/config_text.h"

namespace qvm::config {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = fs::path(QVM_SOURCE_DIR) / "tests/golden/lint";

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Case name to its files, sorted.
std::map<std::string, std::vector<std::string>> cases() {
  std::map<std::string, std::vector<std::string>> result;
  for (const auto& entry : fs::directory_iterator(kFolder)) {
    const std::string name = entry.path().filename().string();
    if (entry.path().extension() == ".qvmconf") result[name.substr(0, name.find('.'))].push_back(name);
  }
  for (auto& [name, files] : result) std::sort(files.begin(), files.end());
  return result;
}

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const auto& [name, files] : cases()) names.push_back(name);
  return names;
}

LoadedSystem load_case(const std::string& name) {
  test::MemoryReader reader;
  reader.machine = test::example_host();
  reader.variables["GUEST_RAM"] = "64M";
  for (const auto& entry : fs::recursive_directory_iterator(kFolder)) {
    if (entry.is_regular_file())
      reader.files[entry.path().lexically_relative(kFolder).string()] = read_file(entry.path());
  }
  const std::string manifest = name + ".yaml";
  if (reader.files.contains(manifest)) return load_manifest(manifest, test::shipped_tables(), reader);
  std::vector<VmInput> inputs;
  const auto all = cases();
  for (const std::string& file : all.at(name)) inputs.emplace_back().words = {"@" + file};
  return load_vms(inputs, test::shipped_tables(), reader);
}

class LintGolden : public testing::TestWithParam<std::string> {};

TEST_P(LintGolden, PrintsWhatIsExpected) {
  const LoadedSystem system = load_case(GetParam());
  DiagnosticSink shown;
  for (const Diagnostic& one : system.diagnostics.all()) {
    const Rule* rule = find_rule(one.rule);
    const bool about_host = rule != nullptr && rule->about_host;
    if (!GetParam().starts_with("qnx-") || !about_host) shown.add(one);
  }
  std::string text = render_text(shown, system.sources, Colors::off);
  if (const std::string sum = summary(shown); !sum.empty()) text += sum + "\n";
  const fs::path golden = kFolder / (GetParam() + ".err");
  if (std::getenv("QVM_REGENERATE") != nullptr) std::ofstream(golden, std::ios::binary) << text;
  ASSERT_TRUE(fs::exists(golden)) << "QVM_REGENERATE=1 writes it:\n" << text;
  EXPECT_EQ(text, read_file(golden));
}

INSTANTIATE_TEST_SUITE_P(Folder, LintGolden, testing::ValuesIn(case_names()), [](const auto& one) {
  std::string name = one.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(LintGoldenFolder, HasNoUnusedGoldens) {
  const auto all = cases();
  for (const auto& entry : fs::directory_iterator(kFolder)) {
    if (entry.path().extension() != ".err") continue;
    EXPECT_EQ(all.count(entry.path().stem().string()), 1U) << entry.path();
  }
}

TEST(LintGoldenFolder, ShowsEveryRule) {
  std::set<std::string> shown;
  for (const std::string& name : case_names()) {
    const LoadedSystem system = load_case(name);
    for (const Diagnostic& one : system.diagnostics.all()) shown.insert(one.rule);
  }
  for (const Rule* rule : all_rules()) EXPECT_TRUE(shown.contains(std::string(rule->id))) << rule->id;
}

}  // namespace
}  // namespace qvm::config
