// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What holds for every rule that is linked in.
#include <gtest/gtest.h>

#include <algorithm>

#include "config/rules/rule.h"
#include "tests/support/config_text.h"

namespace qvm::config {
namespace {

using test::load_texts;
using test::messages;

LoadedSystem load_example(const RuleExample& example) {
  if (!example.manifest.empty()) {
    test::MemoryReader reader;
    reader.machine = test::example_host();
    reader.files["left.qvmconf"] = example.first;
    reader.files["right.qvmconf"] = example.second;
    reader.files["system.yaml"] = example.manifest;
    return load_manifest("system.yaml", test::shipped_tables(), reader);
  }
  std::vector<std::string> texts{std::string(example.first)};
  if (!example.second.empty()) texts.emplace_back(example.second);
  return load_texts(texts, test::example_host());
}

class EveryRule : public testing::TestWithParam<const Rule*> {};

TEST_P(EveryRule, IsTriggeredByItsWrongExample) {
  const LoadedSystem system = load_example(GetParam()->wrong);
  const bool found = std::any_of(system.diagnostics.all().begin(), system.diagnostics.all().end(),
                                 [](const Diagnostic& one) {
                                   return one.rule == GetParam()->id && one.severity == GetParam()->severity;
                                 });
  EXPECT_TRUE(found) << testing::PrintToString(messages(system));
}

TEST_P(EveryRule, IsNotTriggeredByItsRightExample) {
  const LoadedSystem system = load_example(GetParam()->right);
  for (const Diagnostic& one : system.diagnostics.all()) {
    const bool told_only = one.severity == Severity::info && one.rule != GetParam()->id;
    const Rule* rule = find_rule(one.rule);
    EXPECT_TRUE(told_only || (rule != nullptr && rule->about_host && rule != GetParam()))
        << one.rule << " " << one.message;
  }
}

TEST_P(EveryRule, IsDocumented) {
  EXPECT_FALSE(GetParam()->title.empty());
  EXPECT_TRUE(GetParam()->documentation.ends_with('.'));
  EXPECT_EQ(find_rule(GetParam()->id), GetParam());
}

INSTANTIATE_TEST_SUITE_P(Catalog, EveryRule, testing::ValuesIn(all_rules().begin(), all_rules().end()),
                         [](const auto& one) { return std::string(one.param->id); });

}  // namespace
}  // namespace qvm::config
