// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <set>

#include "config/rules/finding.h"
#include "config/rules/passes.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kEmptyPass;

namespace {

// Whether the context that the item opens has an option, also one that could not be understood.
bool has_options(const SyntaxTree& tree, std::size_t opener) {
  return opener + 1 < tree.items.size() && tree.items[opener + 1].context != 0;
}

void check_f09(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    // A word after it that is no option is reported as such.
    std::set<std::size_t> unclear;
    for (const UnknownWord& unknown : vm.tree.unknown) {
      if (unknown.items_before != 0) unclear.insert(unknown.items_before - 1);
    }
    for (const Pass& pass : passes_of(vm)) {
      if (pass.options != 0 || unclear.contains(pass.order)) continue;
      sink.add(finding(kEmptyPass, pass.where, "'pass' passes nothing",
                       "add 'loc' or 'intr' after it, or remove it"));
    }
    for (const Reserve& reserve : vm.model.reserves) {
      if (!reserve.locations.empty() || !reserve.interrupts.empty() || has_options(vm.tree, reserve.order))
        continue;
      if (unclear.contains(reserve.order)) continue;
      sink.add(finding(kEmptyPass, reserve.where, "'reserve' reserves nothing",
                       "add 'loc' or 'intr' after it, or remove it"));
    }
  }
}

}  // namespace

const Rule kEmptyPass{
    .id = "F09",
    .severity = Severity::warning,
    .title = "pass or reserve of nothing",
    .documentation =
        "pass and reserve open a context: what is meant is said by the options loc and intr after them.",
    .wrong = {"system left\nram 64M\npass\ncpu\n"},
    .right = {"system left\nram 64M\npass loc 0xfe000000,0x1000,rw\ncpu\n"},
    .check = check_f09};

}  // namespace qvm::config
