// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/model/options.h"
#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kUnsafeDevice;

namespace {

// Where the VM demands safety variants; nullptr: it does not.
const Word* demand_of(const SyntaxTree& tree) {
  const Word* demand = nullptr;
  for (const ParsedOption& item : tree.items) {
    if (item.context != 0 || item.spec->name != "safety" || !item.complete()) continue;
    demand = item.arguments.front().text == "required" ? &item.arguments.front() : nullptr;
  }
  return demand;
}

void check_g06(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    const Word* demand = demand_of(vm.tree);
    if (demand == nullptr) continue;
    for (const Vdev& vdev : vm.model.vdevs) {
      if (table_of(vdev, input.tables) != nullptr) continue;
      Diagnostic diagnostic =
          finding(kUnsafeDevice, vdev.where,
                  fmt::format("{} is none of QNX's, but safety variants are required", label(vdev)),
                  fmt::format("is there a 'vdev-{}-safety.so'?", vdev.type));
      diagnostic.notes.push_back({demand->where, "required here"});
      sink.add(std::move(diagnostic));
    }
  }
}

}  // namespace

const Rule kUnsafeDevice{.id = "G06",
                         .severity = Severity::warning,
                         .title = "vdev of somebody else's where safety variants are required",
                         .documentation =
                             "With 'safety required' QNX's qvm loads only vdevs that were made as safety "
                             "variants. Those that this linter has "
                             "no table for are probably not.",
                         .wrong = {"system left\nram 64M\nsafety required\nvdev acme\n"},
                         .right = {"system left\nram 64M\nsafety required\nvdev ser8250\n"},
                         .check = check_g06};

}  // namespace qvm::config
