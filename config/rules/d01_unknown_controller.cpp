// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>

#include "config/language/suggest.h"
#include "config/rules/finding.h"
#include "config/rules/machine.h"
#include "config/rules/passes.h"
#include "config/rules/rule.h"
#include "config/rules/told_elsewhere.h"

namespace qvm::config {

extern const Rule kUnknownController;

namespace {

class CheckerD01 {
 public:
  CheckerD01(const CheckedVm& vm, const TableSet& tables, DiagnosticSink& sink)
      : x_controllers(controllers_of(vm.model)),
        // An ARM machine has one wherever it is written, unless it is renamed.
        x_implicit_gic(gic_name(vm.model) == kGic && machine_of(vm, tables).machine == Machine::arm),
        x_undelivering(undelivering(vm.model)),
        x_sink(sink) {}

  // order: of the option that names the controller.
  void check(const Located<InterruptRef>& interrupt, std::size_t order) const {
    const InterruptRef& ref = interrupt.value;
    if (!ref.line || ref.controller.empty()) return;
    if (x_implicit_gic && ref.controller == kGic) return;
    if (x_undelivering.contains(ref.controller)) return;
    const Controller* later = nullptr;
    for (const Controller& controller : x_controllers) {
      if (controller.name != ref.controller) continue;
      if (controller.vdev->order < order) {
        check_line(controller, ref, interrupt.where);
        return;
      }
      later = &controller;
    }
    if (later != nullptr) {
      Diagnostic diagnostic =
          finding(kUnknownController, interrupt.where,
                  fmt::format("interrupt controller '{}' is defined only later", ref.controller),
                  fmt::format("move 'vdev {}' before this device", later->vdev->type));
      diagnostic.notes.push_back({later->vdev->where, "it is defined here"});
      x_sink.add(std::move(diagnostic));
      return;
    }
    report_unknown(ref, interrupt.where);
  }

 private:
  void check_line(const Controller& controller, const InterruptRef& ref, const SourceRange& where) const {
    // Rule D05 knows more about the lines of a gic.
    if (!controller.certain || controller.vdev->type == kGic) return;
    if (*ref.line < controller.vdev->table->interrupt_lines) return;
    const std::uint32_t last = controller.vdev->table->interrupt_lines - 1;
    x_sink.add(finding(kUnknownController, where,
                       fmt::format("'{}' has no line {}", ref.controller, *ref.line),
                       fmt::format("its lines are 0 to {}", last)));
  }

  void report_unknown(const InterruptRef& ref, const SourceRange& where) const {
    std::vector<std::string_view> names;
    for (const Controller& controller : x_controllers) {
      if (controller.certain) names.push_back(controller.name);
    }
    Diagnostic diagnostic = finding(kUnknownController, where,
                                    fmt::format("no interrupt controller '{}' is defined", ref.controller));
    if (const auto near = suggest(ref.controller, names)) {
      diagnostic.help = fmt::format("did you mean '{}'?", near->name);
      diagnostic.fix = Fix{where, fmt::format("{}:{}", near->name, *ref.line)};
    } else if (!names.empty()) {
      diagnostic.help = fmt::format("interrupt controllers of this VM: {}", fmt::join(names, ", "));
    } else {
      diagnostic.help =
          fmt::format("define one before this device: vdev ioapic loc 0xf8000000 name {}", ref.controller);
    }
    x_sink.add(std::move(diagnostic));
  }

  std::vector<Controller> x_controllers;
  bool x_implicit_gic;
  std::map<std::string, const char*, std::less<>> x_undelivering;
  DiagnosticSink& x_sink;
};

void check_d01(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    const CheckerD01 checker(vm, input.tables, sink);
    for (const Vdev& vdev : vm.model.vdevs) {
      for (const auto& interrupt : vdev.interrupts) checker.check(interrupt, vdev.order);
    }
    for (const Pass& pass : passes_of(vm)) {
      for (const PassInterrupt& interrupt : pass.interrupts)
        checker.check({interrupt.guest, interrupt.guest_where}, pass.order);
    }
    for (const Reserve& reserve : vm.model.reserves) {
      for (const auto& interrupt : reserve.interrupts) checker.check(interrupt, reserve.order);
    }
  }
}

}  // namespace

const Rule kUnknownController{
    .id = "D01",
    .severity = Severity::error,
    .title = "intr names an interrupt controller that is not there",
    .documentation =
        "'intr CONTROLLER:LINE' refers to an interrupt controller by its name, or by its type if it has "
        "none. It must "
        "come before the device, and it must have that line.",
    .wrong = {"system left\nram 64M\nvdev ser8250 intr ioapic:4\nvdev ioapic loc 0xf8000000\n"},
    .right = {"system left\nram 64M\nvdev ioapic loc 0xf8000000\nvdev ser8250 intr ioapic:4\n"},
    .check = check_d01};

}  // namespace qvm::config
