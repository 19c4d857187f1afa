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

void check_cpu(const Cpu& cpu, const RuleInput& input, const HostResources& host, DiagnosticSink& sink) {
  std::map<std::uint32_t, SourceRange> seen;
  for (const HostCpu& one : host_cpus_of(cpu)) {
    if (host_cpu_for(input.manifest, one.number) == one.number && !host.has_cpu(one.number)) {
      sink.add(finding(
          kUnknownHostCpu, one.where, fmt::format("this host has no CPU {}", one.number),
          fmt::format("it has {}; this one is left out unless the manifest says which is meant: "
                      "'host-cpus: {{{}: {}}}'",
                      host.cpu_names(), one.number, host.numbers.empty() ? 0 : host.numbers.front())));
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
  const HostResources host = input.reader.host();
  for (const CheckedVm& vm : input.vms) {
    for (const Cpu& cpu : vm.model.cpus) check_cpu(cpu, input, host, sink);
  }
  if (input.manifest == nullptr) return;
  for (const HostCpuEntry& entry : input.manifest->host_cpus) {
    if (host.has_cpu(entry.here.value)) continue;
    sink.add(finding(kUnknownHostCpu, entry.here.where,
                     fmt::format("this host has no CPU {}", entry.here.value),
                     fmt::format("it has {}", host.cpu_names())));
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
