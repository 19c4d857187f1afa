// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <algorithm>
#include <vector>

#include "config/rules/rule.h"

namespace qvm::config {

std::span<const Rule* const> all_rules() {
  static const std::vector<const Rule*> rules = [] {
    auto all = Registered<Rule>::all();
    std::sort(all.begin(), all.end(),
              [](const Rule* left, const Rule* right) { return left->id < right->id; });
    return all;
  }();
  return rules;
}

const Rule* find_rule(std::string_view id) {
  const auto rules = all_rules();
  const auto found =
      std::find_if(rules.begin(), rules.end(), [&](const Rule* rule) { return rule->id == id; });
  return found == rules.end() ? nullptr : *found;
}

void run_rules(const RuleInput& input, DiagnosticSink& sink) {
  for (const Rule* rule : all_rules()) {
    if (rule->check != nullptr) rule->check(input, sink);
  }
}

}  // namespace qvm::config
