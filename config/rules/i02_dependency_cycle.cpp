// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>

#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kDependencyCycle;

namespace {

// Where the VM says that it depends on the other one.
SourceRange place_of(const SystemConfig& manifest, const std::string& name, const std::string& other) {
  for (const VmEntry& vm : manifest.vms) {
    if (vm.name.value != name) continue;
    for (const Dependency& dependency : vm.depends_on) {
      if (dependency.condition.vm == other) return dependency.where;
    }
  }
  return {};
}

void check_i02(const RuleInput& input, DiagnosticSink& sink) {
  if (input.manifest == nullptr) return;
  Dependencies dependencies;
  for (const VmEntry& vm : input.manifest->vms) {
    for (const Dependency& dependency : vm.depends_on) {
      if (!dependency.condition.vm.empty()) dependencies[vm.name.value].push_back(dependency.condition.vm);
    }
  }
  const std::vector<std::string> cycle = find_cycle(dependencies);
  if (cycle.empty()) return;
  Diagnostic diagnostic;
  for (std::size_t i = 0; i < cycle.size(); ++i) {
    const std::string& next = cycle[(i + 1) % cycle.size()];
    const SourceRange where = place_of(*input.manifest, cycle[i], next);
    if (i == 0) {
      diagnostic = finding(kDependencyCycle, where,
                           fmt::format("VM '{}' depends on '{}', which depends on it", cycle[i], next),
                           "take one of them out: none of these VMs could ever be started");
    } else {
      diagnostic.notes.push_back({where, fmt::format("'{}' depends on '{}'", cycle[i], next)});
    }
  }
  sink.add(std::move(diagnostic));
}

}  // namespace

const Rule kDependencyCycle{
    .id = "I02",
    .severity = Severity::error,
    .title = "VMs that wait for each other",
    .documentation =
        "Each of the VMs waits for the next one, and the last for the first: none would ever be started. One "
        "circle is reported at a time.",
    .wrong = {"system left\nram 64M\n", "system right\nram 64M\n",
              "vms:\n  left: {config: left.qvmconf, depends_on: [right]}\n"
              "  right: {config: right.qvmconf, depends_on: [left]}\n"},
    .right = {"system left\nram 64M\n", "system right\nram 64M\n",
              "vms:\n  left: {config: left.qvmconf}\n  right: {config: right.qvmconf, depends_on: [left]}\n"},
    .check = check_i02};

}  // namespace qvm::config
