// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <map>

#include "config/manifest/host_cpus.h"
#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kSharedPin;

namespace {

void check_c02(const RuleInput& input, DiagnosticSink& sink) {
  const HostResources host = input.reader.host();
  for (const CheckedVm& vm : input.vms) {
    std::map<std::uint32_t, SourceRange> pinned;
    for (const Cpu& cpu : vm.model.cpus) {
      const auto pin = pin_here(cpu, input.manifest, host);
      if (!pin) continue;
      const auto [place, fresh] = pinned.try_emplace(pin->number, pin->where);
      if (fresh) continue;
      Diagnostic diagnostic = finding(
          kSharedPin, pin->where, fmt::format("two CPUs of the VM may run on host CPU {} only", pin->number),
          "give each a host CPU of its own, or let both run on several");
      diagnostic.notes.push_back({place->second, "the other one"});
      sink.add(std::move(diagnostic));
    }
  }
}

}  // namespace

const Rule kSharedPin{.id = "C02",
                      .severity = Severity::warning,
                      .title = "two CPUs of a VM on one host CPU",
                      .documentation =
                          "A guest's CPUs wait for each other in loops. If they have only one host CPU "
                          "together, one waits while the "
                          "other cannot run: the guest is slow, runs into timeouts or stands still.",
                      .wrong = {"system left\nram 64M\ncpu runmask 1\ncpu runmask 1\n"},
                      .right = {"system left\nram 64M\ncpu runmask 1\ncpu runmask 2\n"},
                      .check = check_c02};

}  // namespace qvm::config
