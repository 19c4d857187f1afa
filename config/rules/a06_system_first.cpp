// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kSystemFirst;

namespace {

constexpr std::string_view kSystem = "system";

void check_a06(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    const ParsedOption* earlier = nullptr;
    for (std::size_t i = 0; i < vm.tree.items.size(); ++i) {
      const ParsedOption& item = vm.tree.items[i];
      if (item.spec->name != kSystem || item.context != 0) continue;
      if (earlier != nullptr) {
        Diagnostic diagnostic =
            finding(kSystemFirst, item.word.where, "'system' is given twice", "keep the first one only");
        diagnostic.notes.push_back({earlier->word.where, "first given here"});
        sink.add(std::move(diagnostic));
      } else if (i != 0) {
        const ParsedOption& first = vm.tree.items.front();
        Diagnostic diagnostic = finding(kSystemFirst, item.word.where, "'system' is not the first option",
                                        fmt::format("move '{}' to the very beginning", written(item)));
        diagnostic.notes.push_back({first.word.where, fmt::format("'{}' comes before it", first.word.text)});
        sink.add(std::move(diagnostic));
      }
      earlier = &item;
    }
  }
}

}  // namespace

const Rule kSystemFirst{.id = "A06",
                        .severity = Severity::error,
                        .title = "system is not the first option, or given twice",
                        .documentation =
                            "The name of the VM, if given, must be the very first option of all its files "
                            "and command-line words; even "
                            "'set' before it is an error.",
                        .wrong = {"ram 64M\nsystem left\n"},
                        .right = {"system left\nram 64M\n"},
                        .check = check_a06};

}  // namespace qvm::config
