// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/plan/cpus.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "config/model/cpu_options.h"
#include "qvm/plan/finding.h"

namespace qvm::plan {
namespace {

// What machine `pc` takes.
constexpr std::size_t kMostCpus = 255;

// "0,2"
std::string affinity_of(const config::Cpu& cpu, const HostQueries& queries) {
  std::string list;
  for (const config::HostCpu& one : queries.host_cpus ? queries.host_cpus(cpu) : config::host_cpus_of(cpu))
    list += fmt::format("{}{}", list.empty() ? "" : ",", one.number);
  return list;
}

}  // namespace

void plan_cpus(const config::VmConfig& vm, const HostQueries& queries, VmPlan& plan,
               config::DiagnosticSink& sink) {
  plan.vcpus = std::max(1u, static_cast<unsigned>(std::min(vm.cpus.size(), kMostCpus)));
  if (vm.cpus.size() > kMostCpus) {
    report(sink, config::Severity::error, "plan-cpu", vm.cpus[kMostCpus].where,
           fmt::format("{} CPUs: the machine has at most {}", vm.cpus.size(), kMostCpus), "");
  }
  plan.affinity.assign(plan.vcpus, "");
  for (std::size_t i = 0; i < vm.cpus.size() && i < kMostCpus; ++i)
    plan.affinity[i] = affinity_of(vm.cpus[i], queries);
}

}  // namespace qvm::plan
