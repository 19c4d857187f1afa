// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>

#include "config/manifest/host_cpus.h"
#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kBusyHalt;

namespace {

void check_g05(const RuleInput& input, DiagnosticSink& sink) {
  const HostResources host = input.reader.host();
  for (const CheckedVm& vm : input.vms) {
    const SetVariable* variable = find_variable(vm.model, "exit-on-halt");
    if (variable == nullptr) continue;
    const auto* on = std::get_if<bool>(&variable->value.value);
    if (on == nullptr || *on) continue;
    const auto& cpus = vm.model.cpus;
    const auto free = std::find_if(cpus.begin(), cpus.end(),
                                   [&](const Cpu& cpu) { return !pin_here(cpu, input.manifest, host); });
    if (!cpus.empty() && free == cpus.end()) continue;
    Diagnostic diagnostic =
        finding(kBusyHalt, variable->value.where,
                "an idle CPU of this guest keeps its host CPU busy, and may be on any",
                "bind every CPU to one of its own with 'runmask', or leave exit-on-halt on");
    if (free != cpus.end())
      diagnostic.notes.push_back({free->where, "this one is not bound to one host CPU"});
    sink.add(std::move(diagnostic));
  }
}

}  // namespace

const Rule kBusyHalt{.id = "G05",
                     .severity = Severity::info,
                     .title = "CPUs that are never given back and not bound",
                     .documentation =
                         "With exit-on-halt off a guest's CPU keeps its host CPU while it has nothing to do. "
                         "That is for CPUs that have "
                         "one for themselves.",
                     .wrong = {"system left\nram 64M\ncpu\nset exit-on-halt off\n"},
                     .right = {"system left\nram 64M\ncpu runmask 1\nset exit-on-halt off\n"},
                     .check = check_g05};

}  // namespace qvm::config
