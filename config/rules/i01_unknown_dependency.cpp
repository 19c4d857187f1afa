// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/language/suggest.h"
#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kUnknownDependency;

namespace {

void check_i01(const RuleInput& input, DiagnosticSink& sink) {
  if (input.manifest == nullptr) return;
  std::vector<std::string_view> names;
  for (const VmEntry& vm : input.manifest->vms) names.push_back(vm.name.value);
  for (const VmEntry& vm : input.manifest->vms) {
    for (const Dependency& dependency : vm.depends_on) {
      const std::string& other = dependency.condition.vm;
      if (other.empty()) continue;
      if (other == vm.name.value) {
        sink.add(finding(kUnknownDependency, dependency.where,
                         fmt::format("VM '{}' depends on itself", other),
                         "leave this out: it could never be started"));
      } else if (std::find(names.begin(), names.end(), other) == names.end()) {
        Diagnostic diagnostic = finding(
            kUnknownDependency, dependency.where,
            fmt::format("VM '{}' depends on '{}', and there is no VM of that name", vm.name.value, other),
            "a VM can depend on VMs of its own manifest");
        if (const auto meant = suggest(other, names)) {
          diagnostic.help = fmt::format("did you mean '{}'?", meant->name);
          diagnostic.fix = Fix{dependency.where, std::string(meant->name)};
        }
        sink.add(std::move(diagnostic));
      }
    }
  }
}

}  // namespace

const Rule kUnknownDependency{
    .id = "I01",
    .severity = Severity::error,
    .title = "dependency on a VM that is not in the manifest",
    .documentation =
        "A VM whose 'depends_on' names a VM that is not started with it, or itself, would wait for ever.",
    .wrong = {"system left\nram 64M\n", "system right\nram 64M\n",
              "vms:\n  left: {config: left.qvmconf}\n  right: {config: right.qvmconf, depends_on: [lft]}\n"},
    .right = {"system left\nram 64M\n", "system right\nram 64M\n",
              "vms:\n  left: {config: left.qvmconf}\n  right: {config: right.qvmconf, depends_on: [left]}\n"},
    .check = check_i01};

}  // namespace qvm::config
