// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/model/cpu_options.h"
#include "config/rules/finding.h"
#include "config/rules/machine.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kUnequalPriorities;

namespace {

void check_c06(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    std::optional<Priority> first;
    for (const Cpu& cpu : vm.model.cpus) {
      const auto priority = priority_of(cpu.options);
      if (!priority) continue;
      if (!first) first = priority;
      if (priority->value == first->value) continue;
      if (guest_of(vm, input.reader) != GuestSystem::qnx) break;
      Diagnostic diagnostic = finding(kUnequalPriorities, priority->where,
                                      fmt::format("this CPU of a QNX guest has priority {}, another one {}",
                                                  priority->value, first->value),
                                      "give all its CPUs one priority");
      diagnostic.notes.push_back({first->where, "the other one"});
      sink.add(std::move(diagnostic));
      break;
    }
  }
}

}  // namespace

const Rule kUnequalPriorities{
    .id = "C06",
    .severity = Severity::warning,
    .title = "CPUs of a QNX guest with different priorities",
    .documentation =
        "While a QNX guest starts, its further CPUs wait in a loop for the first one. If they share a host "
        "CPU and "
        "are more important than it, it never gets on. Linux asks for further CPUs and is not affected.",
    .wrong = {"system left\nram 64M\ncpu sched 8\ncpu sched 10\nload guest.ifs\n"},
    .right = {"system left\nram 64M\ncpu sched 10\ncpu sched 10\nload guest.ifs\n"},
    .check = check_c06};

}  // namespace qvm::config
