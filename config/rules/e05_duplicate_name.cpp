// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <map>

#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kDuplicateName;

namespace {

void check_e05(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    std::map<std::string, SourceRange, std::less<>> seen;
    for (const Vdev& vdev : vm.model.vdevs) {
      // A controller without a name goes by its type.
      const bool controller = vdev.table != nullptr && vdev.table->interrupt_controller;
      if (!vdev.name && !controller) continue;
      const std::string name = vdev.name ? vdev.name->value : vdev.type;
      const SourceRange where = vdev.name ? vdev.name->where : vdev.where;
      const auto [place, fresh] = seen.try_emplace(name, where);
      if (fresh) continue;
      Diagnostic diagnostic = finding(kDuplicateName, where, fmt::format("two vdevs are named '{}'", name),
                                      "give each a name of its own with 'name'");
      diagnostic.notes.push_back({place->second, "the other one"});
      sink.add(std::move(diagnostic));
    }
  }
}

}  // namespace

const Rule kDuplicateName{
    .id = "E05",
    .severity = Severity::error,
    .title = "two vdevs with one name",
    .documentation =
        "The name stands for the vdev in paths and in 'intr'. An interrupt controller without one goes by "
        "its type.",
    .wrong = {"system left\nram 64M\nvdev ser8250 name con\nvdev ser8250 loc 0x2f8 name con\n"},
    .right = {"system left\nram 64M\nvdev ser8250 name con\nvdev ser8250 loc 0x2f8 name con2\n"},
    .check = check_e05};

}  // namespace qvm::config
