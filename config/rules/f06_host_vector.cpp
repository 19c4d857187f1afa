// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <map>

#include "config/rules/finding.h"
#include "config/rules/passes.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kHostVector;

namespace {

struct VectorUser {
  SourceRange where;
  const CheckedVm* vm = nullptr;
};

// The vector of a controller's first line is its hostvector; without it, it follows from the controllers
// before, which is clear for the first one only.
const Vdev* unclear_controller(const InterruptRef& interrupt, const std::vector<Controller>& controllers) {
  for (std::size_t i = 1; i < controllers.size(); ++i) {
    if (controllers[i].name != interrupt.controller || !controllers[i].certain) continue;
    return find_option(controllers[i].vdev->options, "hostvector") == nullptr ? controllers[i].vdev : nullptr;
  }
  return nullptr;
}

void check_f06(const RuleInput& input, DiagnosticSink& sink) {
  std::map<std::uint64_t, VectorUser> users;
  for (const CheckedVm& vm : input.vms) {
    const std::vector<Pass> passes = passes_of(vm);
    if (passes.empty()) continue;
    const auto controllers = controllers_of(vm.model);
    for (const Pass& pass : passes) {
      for (const PassInterrupt& interrupt : pass.interrupts) {
        if (!interrupt.vector) {
          const Vdev* unclear =
              interrupt.vector_where.valid() ? nullptr : unclear_controller(interrupt.guest, controllers);
          if (unclear == nullptr) continue;
          Diagnostic diagnostic =
              finding(kHostVector, interrupt.guest_where,
                      fmt::format("which host vector '{}:{}' means depends on the controllers before",
                                  interrupt.guest.controller, *interrupt.guest.line),
                      "write '=VECTOR' after it, or give the controller a 'hostvector'");
          diagnostic.notes.push_back({unclear->where, "this controller has none"});
          sink.add(std::move(diagnostic));
          continue;
        }
        const auto [place, fresh] =
            users.try_emplace(*interrupt.vector, VectorUser{interrupt.vector_where, &vm});
        if (fresh) continue;
        Diagnostic diagnostic = finding(kHostVector, interrupt.vector_where,
                                        fmt::format("host vector {} is passed twice", *interrupt.vector),
                                        "an interrupt has one owner");
        diagnostic.notes.push_back(
            {place->second.where, fmt::format("to VM '{}' here", place->second.vm->name)});
        sink.add(std::move(diagnostic));
      }
    }
  }
}

}  // namespace

const Rule kHostVector{
    .id = "F06",
    .severity = Severity::warning,
    .title = "host interrupt passed twice, or not clear which",
    .documentation =
        "An interrupt of the host goes to one guest. Without '=VECTOR' the vector is the line plus the "
        "controller's "
        "hostvector, and for a second controller without one it depends on the size of the first.",
    .wrong = {"system left\nram 0x80000000,64M\nvdev gic\npass intr gic:144=150\n",
              "system right\nram 0x80000000,64M\nvdev gic\npass intr gic:145=150\n"},
    .right = {"system left\nram 0x80000000,64M\nvdev gic\npass intr gic:144=150\n",
              "system right\nram 0x80000000,64M\nvdev gic\npass intr gic:145=151\n"},
    .check = check_f06};

}  // namespace qvm::config
