// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <map>

#include "config/manifest/host_cpus.h"
#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kTooManyCpus;

namespace {

void check_count(const CheckedVm& vm, std::uint32_t host, DiagnosticSink& sink) {
  if (vm.model.cpus.size() <= host) return;
  Diagnostic diagnostic =
      finding(kTooManyCpus, vm.model.cpus[host].where,
              fmt::format("VM '{}' has {} CPUs, this host has {}", vm.name, vm.model.cpus.size(), host),
              "a guest's CPUs that wait for each other on too few host CPUs are slower than fewer of them");
  sink.add(std::move(diagnostic));
}

void check_c04(const RuleInput& input, DiagnosticSink& sink) {
  const HostResources resources = input.reader.host();
  const auto host = resources.cpus;
  if (!host || *host == 0) return;
  std::map<std::uint32_t, HostCpu> pinned;
  for (const CheckedVm& vm : input.vms) {
    check_count(vm, *host, sink);
    for (const Cpu& cpu : vm.model.cpus) {
      const auto pin = pin_here(cpu, input.manifest, resources);
      if (pin) pinned.try_emplace(pin->number, *pin);
    }
  }
  // With one CPU there is nothing to choose.
  if (pinned.size() < *host || *host == 1) return;
  const HostCpu& last = pinned.rbegin()->second;
  Diagnostic diagnostic = finding(
      kTooManyCpus, last.where,
      fmt::format("with this one a guest is bound to every CPU of this host ({})", resources.cpu_names()),
      "leave one to the host, which does the work of all devices");
  diagnostic.severity = Severity::info;
  for (const auto& [number, one] : pinned) {
    if (number != last.number) diagnostic.notes.push_back({one.where, fmt::format("CPU {}", number)});
  }
  sink.add(std::move(diagnostic));
}

}  // namespace

const Rule kTooManyCpus{.id = "C04",
                        .severity = Severity::warning,
                        .title = "more CPUs than this host has, or none left for the host",
                        .documentation =
                            "A VM should not have more CPUs than the host that the check runs on. If guests "
                            "are bound to every CPU of the "
                            "host (an info), its own work, and with it all devices, competes with them.",
                        .wrong = {"system left\nram 64M\ncpu cpu cpu cpu cpu\n"},
                        .right = {"system left\nram 64M\ncpu cpu cpu cpu\n"},
                        .check = check_c04};

}  // namespace qvm::config
