// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <map>
#include <set>
#include <vector>

#include "config/manifest/host_cpus.h"
#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kPinsAcrossVms;

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

// Once for each host CPU: who shares it is one matter.
void report(std::uint32_t number, const std::vector<Pinned>& all, DiagnosticSink& sink) {
  constexpr std::size_t kMostNotes = 10;
  const Pinned& first = all[0];
  const Pinned& second = all[1];
  Diagnostic diagnostic =
      finding(kPinsAcrossVms, second.where,
              fmt::format("VMs '{}' and '{}'{} are bound to host CPU {}", first.vm->name, second.vm->name,
                          all.size() > 2 ? fmt::format(" and {} more", all.size() - 2) : "", number),
              "bind them to different CPUs, or leave them free to move");
  diagnostic.severity = Severity::info;
  for (std::size_t i = 0; i < all.size() && diagnostic.notes.size() < kMostNotes; ++i) {
    if (i != 1) diagnostic.notes.push_back({all[i].where, fmt::format("VM '{}'", all[i].vm->name)});
    const SetVariable* reason = greedy(*all[i].vm);
    if (reason == nullptr) continue;
    diagnostic.severity = Severity::warning;
    diagnostic.notes.push_back(
        {reason->where,
         fmt::format("VM '{}' does not give the CPU back when its guest is idle", all[i].vm->name)});
  }
  sink.add(std::move(diagnostic));
}

void check_c07(const RuleInput& input, DiagnosticSink& sink) {
  const HostResources host = input.reader.host();
  std::map<std::uint32_t, std::vector<Pinned>> pinned;
  for (const CheckedVm& vm : input.vms) {
    std::set<std::uint32_t> own;
    for (const Cpu& cpu : vm.model.cpus) {
      const auto pin = pin_here(cpu, input.manifest, host);
      // C02 is about two CPUs of one VM.
      if (pin && own.insert(pin->number).second) pinned[pin->number].push_back({&vm, pin->where});
    }
  }
  for (const auto& [number, all] : pinned) {
    if (all.size() > 1) report(number, all, sink);
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
                          .check = check_c07};

}  // namespace qvm::config
