// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>

#include "config/architecture.h"
#include "config/rules/catalog.h"
#include "config/rules/finding.h"
#include "config/suggest.h"

namespace qvm::config {
namespace {

class Checker {
 public:
  Checker(const CheckedVm& vm, const TableSet& tables, DiagnosticSink& sink)
      : x_vm(vm),
        x_tables(tables),
        x_machine(to_string(architecture_of(vm.tree, tables).architecture)),
        x_controllers(controllers_of(vm.model)),
        x_sink(sink) {}

  // order: of the option that names the controller.
  void check(const Located<InterruptRef>& interrupt, std::size_t order) const {
    const InterruptRef& ref = interrupt.value;
    if (!ref.line || ref.controller.empty()) return;
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
    if (!is_implicit(ref.controller)) report_unknown(ref, interrupt.where);
  }

 private:
  // A controller that the machine has without any vdev; a vdev of its type gives it another name.
  bool is_implicit(const std::string& name) const {
    const OptionTable* table = x_tables.vdev(name);
    if (table == nullptr || !table->implicit) return false;
    const auto& vdevs = x_vm.model.vdevs;
    if (std::any_of(vdevs.begin(), vdevs.end(), [&](const Vdev& vdev) { return vdev.type == name; }))
      return false;
    const auto& machines = table->architectures;
    return machines.empty() || std::find(machines.begin(), machines.end(), x_machine) != machines.end();
  }

  void check_line(const Controller& controller, const InterruptRef& ref, const SourceRange& where) const {
    if (!controller.certain || *ref.line < controller.vdev->table->interrupt_lines) return;
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

  const CheckedVm& x_vm;
  const TableSet& x_tables;
  std::string_view x_machine;
  std::vector<Controller> x_controllers;
  DiagnosticSink& x_sink;
};

void check(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    const Checker checker(vm, input.tables, sink);
    for (const Vdev& vdev : vm.model.vdevs) {
      for (const auto& interrupt : vdev.interrupts) checker.check(interrupt, vdev.order);
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
    .check = check};

}  // namespace qvm::config
