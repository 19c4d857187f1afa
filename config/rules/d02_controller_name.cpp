// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kControllerName;

namespace {

void check_d02(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    for (const Vdev& vdev : vm.model.vdevs) {
      const bool controller = vdev.table != nullptr && vdev.table->interrupt_controller;
      if (!controller || !vdev.name || vdev.name->value.find(':') == std::string::npos) continue;
      sink.add(finding(kControllerName, vdev.name->where,
                       fmt::format("name '{}' of an interrupt controller has a colon", vdev.name->value),
                       "no 'intr CONTROLLER:LINE' could refer to it: choose a name without a colon"));
    }
  }
}

}  // namespace

const Rule kControllerName{
    .id = "D02",
    .severity = Severity::error,
    .title = "colon in an interrupt controller's name",
    .documentation =
        "The colon separates the controller from the line in 'intr'. Names of other vdevs may contain it.",
    .wrong = {"system left\nram 64M\nvdev ioapic loc 0xf8000000 name a:b\n"},
    .right = {"system left\nram 64M\nvdev ioapic loc 0xf8000000 name ab\n"},
    .check = check_d02};

}  // namespace qvm::config
