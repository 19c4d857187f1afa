// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <map>

#include "config/manifest/host_cpus.h"
#include "config/model/cpu_options.h"
#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kUnknownHostCpu;

namespace {

void check_cpu(const Cpu& cpu, const RuleInput& input, const std::optional<std::uint32_t>& host,
               DiagnosticSink& sink) {
  std::map<std::uint32_t, SourceRange> seen;
  for (const HostCpu& one : host_cpus_of(cpu)) {
    if (host && host_cpu_for(input.manifest, one.number) == one.number && one.number >= *host) {
      sink.add(finding(
          kUnknownHostCpu, one.where, fmt::format("this host has no CPU {}", one.number),
          fmt::format("its CPUs are 0 to {}; this one is left out unless the manifest says which is meant: "
                      "'host-cpus: {{{}: 0}}'",
                      *host - 1, one.number)));
    }
    const auto [place, fresh] = seen.try_emplace(one.number, one.where);
    if (fresh) continue;
    Diagnostic diagnostic = finding(kUnknownHostCpu, one.where,
                                    fmt::format("host CPU {} is named twice", one.number), "name each once");
    diagnostic.notes.push_back({place->second, "here already"});
    sink.add(std::move(diagnostic));
  }
}

void check_c03(const RuleInput& input, DiagnosticSink& sink) {
  const auto host = input.reader.host().cpus;
  for (const CheckedVm& vm : input.vms) {
    for (const Cpu& cpu : vm.model.cpus) check_cpu(cpu, input, host, sink);
  }
  if (!host || input.manifest == nullptr) return;
  for (const HostCpuEntry& entry : input.manifest->host_cpus) {
    if (entry.here.value < *host) continue;
    sink.add(finding(kUnknownHostCpu, entry.here.where,
                     fmt::format("this host has no CPU {}", entry.here.value),
                     fmt::format("its CPUs are 0 to {}", *host - 1)));
  }
}

}  // namespace

const Rule kUnknownHostCpu{
    .id = "C03",
    .severity = Severity::warning,
    .title = "host CPU that is not there or named twice",
    .documentation =
        "runmask and cluster name CPUs of the host, counted from 0; they are compared "
        "with the host that the check "
        "runs on. What is not there is left out when the VM starts; 'host-cpus' of the manifest "
        "says what stands for it.",
    .wrong = {"system left\nram 64M\ncpu runmask 0,4\n"},
    .right = {"system left\nram 64M\ncpu runmask 0,3\n"},
    .check = check_c03};

}  // namespace qvm::config
