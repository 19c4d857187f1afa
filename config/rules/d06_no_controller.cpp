// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>

#include "config/rules/finding.h"
#include "config/rules/interrupt_uses.h"
#include "config/rules/rule.h"
#include "config/rules/told_elsewhere.h"

namespace qvm::config {

extern const Rule kNoController;

namespace {

// "myioapic", or what to define.
std::string offer(const VmConfig& vm, const InterruptUse& use) {
  for (const Controller& controller : controllers_of(vm)) {
    if (controller.certain) return fmt::format("write '{}:{}'", controller.name, *use.interrupt.line);
  }
  return fmt::format("define an I/O APIC before: 'vdev ioapic loc 0xf8000000', then 'intr ioapic:{}'",
                     *use.interrupt.line);
}

void check_delivery(const Vdev& vdev, DiagnosticSink& sink) {
  if (vdev.type != "ioapic") return;
  for (const auto& interrupt : vdev.interrupts) {
    if (!interrupt.value.line && interrupt.value.controller == "apic") continue;
    Diagnostic diagnostic =
        finding(kNoController, interrupt.where,
                fmt::format("{} delivers to the local APICs only", label(vdev)), "write 'intr apic'");
    diagnostic.fix = Fix{interrupt.where, "apic"};
    sink.add(std::move(diagnostic));
  }
}

void check_d06(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    for (const Vdev& vdev : vm.model.vdevs) check_delivery(vdev, sink);
    const auto names = undelivering(vm.model);
    for (const InterruptUse& use : interrupt_uses(vm)) {
      if (use.vdev != nullptr && use.vdev->type == "ioapic") continue;
      const auto found = names.find(use.interrupt.controller);
      if (found == names.end()) continue;
      sink.add(
          finding(kNoController, use.where,
                  fmt::format("devices cannot be wired to '{}': {}", use.interrupt.controller, found->second),
                  offer(vm.model, use)));
    }
  }
}

}  // namespace

std::map<std::string, const char*, std::less<>> undelivering(const VmConfig& vm) {
  std::map<std::string, const char*, std::less<>> result{
      {"apic", "the local APICs get interrupts from an I/O APIC"},
      {"cpu", "this is notation of an older version of QNX's qvm"}};
  for (const Vdev& vdev : vm.vdevs) {
    if (vdev.type == "8259")
      result.emplace(vdev.name ? vdev.name->value : vdev.type,
                     "an 8259 is only there to be found while the guest starts");
  }
  for (const Controller& controller : controllers_of(vm)) {
    if (controller.certain) result.erase(controller.name);
  }
  return result;
}

const Rule kNoController{
    .id = "D06",
    .severity = Severity::error,
    .title = "device wired to something that delivers no interrupts",
    .documentation =
        "On x86, devices are wired to an I/O APIC, by its name, and the I/O APIC itself to 'apic'. The 8259 "
        "is a "
        "stub, and 'cpu:' is notation of an older version.",
    .wrong = {"system left\nram 64M\nvdev ioapic loc 0xf8000000 name myioapic\nvdev ser8250 intr apic:4\n"},
    .right =
        {"system left\nram 64M\nvdev ioapic loc 0xf8000000 name myioapic\nvdev ser8250 intr myioapic:4\n"},
    .check = check_d06};

}  // namespace qvm::config
