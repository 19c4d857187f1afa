// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/rules/rule.h"

namespace qvm::config {

std::span<const Rule* const> all_rules() {
  return Registered<Rule>::sorted_by(&Rule::id);
}

const Rule* find_rule(std::string_view id) {
  return Registered<Rule>::find(&Rule::id, id);
}

void run_rules(const RuleInput& input, DiagnosticSink& sink) {
  for (const Rule* rule : all_rules()) {
    if (rule->check != nullptr) rule->check(input, sink);
  }
}

}  // namespace qvm::config
