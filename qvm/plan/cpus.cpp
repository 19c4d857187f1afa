// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/plan/cpus.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "config/model/cpu_options.h"
#include "qvm/plan/finding.h"

namespace qvm::plan {
namespace {

// What machine `pc` takes.
constexpr std::size_t kMostCpus = 255;

// "0,2": those that the host has, each once.
std::string affinity_of(const config::Cpu& cpu, const HostQueries& queries) {
  std::vector<std::uint32_t> numbers;
  for (const config::HostCpu& one : config::host_cpus_of(cpu)) {
    const auto here = queries.find_host_cpu ? queries.find_host_cpu(one.number) : std::optional(one.number);
    if (here && std::find(numbers.begin(), numbers.end(), *here) == numbers.end()) numbers.push_back(*here);
  }
  return fmt::format("{}", fmt::join(numbers, ","));
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
