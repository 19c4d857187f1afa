// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <map>

#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kDuplicateSystem;

namespace {

void check_h02(const RuleInput& input, DiagnosticSink& sink) {
  std::map<std::string, SourceRange, std::less<>> seen;
  for (const CheckedVm& vm : input.vms) {
    if (vm.tree.unreadable && vm.tree.items.empty()) continue;
    const SourceRange where = vm.model.system ? vm.model.system->where : vm.tree.start;
    const auto [place, fresh] = seen.try_emplace(vm.name, where);
    if (fresh) continue;
    Diagnostic diagnostic =
        finding(kDuplicateSystem, where, fmt::format("two VMs of the set are called '{}'", vm.name),
                "give each VM a name of its own with 'system NAME'");
    diagnostic.notes.push_back({place->second, "the other one"});
    sink.add(std::move(diagnostic));
  }
}

}  // namespace

const Rule kDuplicateSystem{.id = "H02",
                            .severity = Severity::error,
                            .title = "two VMs with one name",
                            .documentation =
                                "VMs that run together need different names: 'system', or the file's name "
                                "without its ending if there is none.",
                            .wrong = {"system left\nram 64M\n", "system left\nram 64M\n"},
                            .right = {"system left\nram 64M\n", "system right\nram 64M\n"},
                            .check = check_h02};

}  // namespace qvm::config
