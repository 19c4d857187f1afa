// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kLocWithoutIntr;

namespace {

// Whether the option was written, even if its value could not be understood.
bool has_option(const Vdev& vdev, std::string_view name) {
  for (const Option& option : vdev.options) {
    if (option.name == name) return true;
  }
  return false;
}

void check_d04(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    for (const Vdev& vdev : vm.model.vdevs) {
      if (vdev.table == nullptr || !vdev.table->interrupt_required_with_location) continue;
      const bool placed = vdev.location && vdev.location->value.space == Location::Space::memory;
      if (placed && !has_option(vdev, "intr")) {
        sink.add(finding(kLocWithoutIntr, vdev.location->where,
                         fmt::format("{} has 'loc' but no 'intr'", label(vdev)),
                         "add 'intr CONTROLLER:LINE': at an address of its own the device cannot find an "
                         "interrupt itself"));
      } else if (!has_option(vdev, "loc") && !vdev.interrupts.empty()) {
        Diagnostic diagnostic =
            finding(kLocWithoutIntr, vdev.interrupts.front().where,
                    fmt::format("{} has 'intr' but no 'loc'", label(vdev)),
                    "add 'loc ADDR', or leave 'intr' away: a PCI device gets its interrupt automatically");
        diagnostic.severity = Severity::warning;
        sink.add(std::move(diagnostic));
      }
    }
  }
}

}  // namespace

const Rule kLocWithoutIntr{
    .id = "D04",
    .severity = Severity::error,
    .title = "loc without intr, or intr without loc",
    .documentation =
        "A device that can be a PCI device becomes one in the guest's memory when it has both 'loc' and "
        "'intr'. With "
        "'loc' alone it cannot signal anything; 'intr' alone (a warning) has no effect on a PCI device.",
    .wrong = {"system left\nram 64M\nvdev shmem loc 0x1c050000\n"},
    .right = {"system left\nram 64M\nvdev ioapic loc 0xf8000000\nvdev shmem loc 0x1c050000 intr ioapic:5\n"},
    .check = check_d04};

}  // namespace qvm::config
