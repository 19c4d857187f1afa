// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The rule about manifests that docs/contributing.md walks through.
#include <fmt/format.h>

#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kNeverOver;

namespace {

void check_z02(const RuleInput& input, DiagnosticSink& sink) {
  if (input.manifest == nullptr) return;
  for (const VmEntry& vm : input.manifest->vms) {
    if (vm.restart.when != RestartPolicy::When::always || vm.restart.max_restarts) continue;
    sink.add(finding(kNeverOver, vm.name.where,
                     fmt::format("VM '{}' comes back whatever ends it, and for ever", vm.name.value),
                     "write 'max-restarts', or policy 'on-failure'"));
  }
}

constexpr std::string_view kVm = "system left\nram 64M\n";

}  // namespace

const Rule kNeverOver{.id = "Z02",
                      .severity = Severity::info,
                      .title = "VM that comes back for ever",
                      .documentation = "'qvm up' of such a set ends only when somebody ends it.",
                      .wrong = {kVm, {}, "vms:\n  left: {config: left.qvmconf, restart: always}\n"},
                      .right = {kVm, {}, "vms:\n  left: {config: left.qvmconf, restart: on-failure}\n"},
                      .check = check_z02};

}  // namespace qvm::config
