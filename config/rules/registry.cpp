// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <algorithm>
#include <array>

#include "config/rules/catalog.h"

namespace qvm::config {

std::span<const Rule* const> all_rules() {
  return {};
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
