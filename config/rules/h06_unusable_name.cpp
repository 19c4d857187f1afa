// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/manifest/system_values.h"
#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kUnusableName;

namespace {

void check_h06(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    if (vm.tree.unreadable && vm.tree.items.empty()) continue;
    const auto name = parse_vm_name(vm.name);
    if (name) continue;
    const SourceRange where = vm.model.system ? vm.model.system->where : vm.tree.start;
    sink.add(finding(kUnusableName, where, name.error().message, name.error().help));
  }
}

}  // namespace

const Rule kUnusableName{.id = "H06",
                         .severity = Severity::error,
                         .title = "a name that no VM can have on this host",
                         .documentation =
                             "A VM's name, or its file's without the ending if it has none, becomes a "
                             "directory, a part of socket paths and a libvirt domain.",
                         .wrong = {"system left/right\nram 64M\n"},
                         .right = {"system left.right\nram 64M\n"},
                         .check = check_h06};

}  // namespace qvm::config
