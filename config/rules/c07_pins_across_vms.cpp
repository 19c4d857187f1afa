// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <map>
#include <set>

#include "config/rules/catalog.h"
#include "config/rules/cpu_options.h"
#include "config/rules/finding.h"

namespace qvm::config {
namespace {

struct Pinned {
  const CheckedVm* vm = nullptr;
  SourceRange where;
};

// `set exit-on-halt off`: the VM never gives its host CPU back.
const SetVariable* greedy(const CheckedVm& vm) {
  const SetVariable* variable = find_variable(vm.model, "exit-on-halt");
  if (variable == nullptr) return nullptr;
  const auto* on = std::get_if<bool>(&variable->value.value);
  return on != nullptr && !*on ? variable : nullptr;
}

void report(const HostCpu& pin, const CheckedVm& vm, const Pinned& other, DiagnosticSink& sink) {
  Diagnostic diagnostic = finding(
      kPinsAcrossVms, pin.where,
      fmt::format("VMs '{}' and '{}' are both bound to host CPU {}", other.vm->name, vm.name, pin.number),
      "bind them to different CPUs, or leave one of them free to move");
  diagnostic.notes.push_back({other.where, "the other one"});
  const SetVariable* reason = greedy(vm) != nullptr ? greedy(vm) : greedy(*other.vm);
  if (reason != nullptr)
    diagnostic.notes.push_back({reason->where, "this VM does not give the CPU back when its guest is idle"});
  else
    diagnostic.severity = Severity::info;
  sink.add(std::move(diagnostic));
}

void check(const RuleInput& input, DiagnosticSink& sink) {
  std::map<std::uint32_t, Pinned> pinned;
  for (const CheckedVm& vm : input.vms) {
    std::set<std::uint32_t> own;
    for (const Cpu& cpu : vm.model.cpus) {
      const auto pin = pin_of(cpu);
      // C02 is about two CPUs of one VM.
      if (!pin || !own.insert(pin->number).second) continue;
      const auto [place, fresh] = pinned.try_emplace(pin->number, Pinned{&vm, pin->where});
      if (!fresh) report(*pin, vm, place->second, sink);
    }
  }
}

}  // namespace

const Rule kPinsAcrossVms{.id = "C07",
                          .severity = Severity::warning,
                          .title = "two VMs bound to one host CPU",
                          .documentation =
                              "Two VMs on one host CPU take turns, which may be meant (an info). If one of "
                              "them has exit-on-halt off it "
                              "never gives the CPU back, and the other starves or is late.",
                          .wrong = {"system left\nram 64M\ncpu runmask 1\nset exit-on-halt off\n",
                                    "system right\nram 64M\ncpu runmask 1\n"},
                          .right = {"system left\nram 64M\ncpu runmask 1\nset exit-on-halt off\n",
                                    "system right\nram 64M\ncpu runmask 2\n"},
                          .check = check};

}  // namespace qvm::config
