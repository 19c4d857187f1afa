// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>

#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kMissingLocation;

namespace {

void check_e01(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    for (const Vdev& vdev : vm.model.vdevs) {
      if (vdev.table == nullptr) continue;
      const auto written = [&](std::string_view name) {
        return std::any_of(vdev.options.begin(), vdev.options.end(),
                           [&](const Option& one) { return one.name == name; });
      };
      if (vdev.table->location_required && !written("loc")) {
        sink.add(finding(kMissingLocation, vdev.where, fmt::format("{} has no 'loc'", label(vdev)),
                         fmt::format("add '{}'", vdev.table->find("loc")->usage())));
      }
      for (const OptionSpec& option : vdev.table->options) {
        if (!option.required || written(option.name)) continue;
        sink.add(finding(kMissingLocation, vdev.where,
                         fmt::format("{} has no '{}'", label(vdev), option.name),
                         fmt::format("add '{}'", option.usage())));
      }
    }
  }
}

}  // namespace

const Rule kMissingLocation{
    .id = "E01",
    .severity = Severity::error,
    .title = "vdev without an option that it needs",
    .documentation = "A device without a default place needs 'loc'; some devices need further options.",
    .wrong = {"system left\nram 64M\nvdev ioapic intr apic\n"},
    .right = {"system left\nram 64M\nvdev ioapic intr apic loc 0xf8000000\n"},
    .check = check_e01};

}  // namespace qvm::config
