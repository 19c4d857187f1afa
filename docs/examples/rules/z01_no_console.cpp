// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The lint rule that docs/contributing.md walks through.
#include <fmt/format.h>

#include <algorithm>

#include "config/rules/finding.h"
#include "config/rules/host_devices.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kNoConsole;

namespace {

void check_z01(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    const auto& vdevs = vm.model.vdevs;
    if (std::any_of(vdevs.begin(), vdevs.end(), is_serial_port)) continue;
    sink.add(finding(kNoConsole, vm.model.where,
                     fmt::format("VM '{}' has nothing to say anything with", vm.name),
                     "give it a 'vdev ser8250'"));
  }
}

}  // namespace

const Rule kNoConsole{.id = "Z01",
                      .severity = Severity::info,
                      .title = "VM without a console",
                      .documentation = "What a guest prints when it fails is lost if it has no serial port.",
                      .wrong = {"system left\nram 64M\n"},
                      .right = {"system left\nram 64M\nvdev ser8250 hostdev -\n"},
                      .check = check_z01};

}  // namespace qvm::config
