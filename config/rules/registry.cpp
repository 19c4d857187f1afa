// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <algorithm>
#include <array>

#include "config/rules/catalog.h"

namespace qvm::config {

std::span<const Rule* const> all_rules() {
  static constexpr std::array kRules = {
      &kUnknownWord,        &kMissingArgument, &kKeyValue,        &kOpenQuote,         &kUnquotedText,
      &kSystemFirst,        &kAddressPrefix,   &kAddressSuffix,   &kRepeatedOption,    &kOtherSubstitution,
      &kFailedSubstitution, &kCpuCount,        &kBadValue,        &kHashInWord,        &kUnusableFile,
      &kNotSupported,       &kNestedFile,      &kSuppression,     &kLoadTarget,        &kOverlap,
      &kPageAlignment,      &kNoMemory,        &kLoadFile,        &kUnknownController, &kControllerName,
      &kSharedLine,         &kLocWithoutIntr,  &kMissingLocation, &kDuplicateName,     &kRegionLists,
      &kRegionCreation,     &kVariableValue,   &kDuplicateSystem,
  };
  return kRules;
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
