// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/plan/cpus.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "config/language/numbers.h"
#include "qvm/plan/finding.h"

namespace qvm::plan {
namespace {

// What machine `pc` takes.
constexpr std::size_t kMostCpus = 255;

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "0,2" from `runmask 0,0x2`; nullopt if a part is not a number.
std::optional<std::string> cpu_list(std::string_view text) {
  std::string list;
  while (true) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const auto number = config::parse_number(text.substr(0, comma), config::NumberKind::plain);
    if (!number) return std::nullopt;
    list += fmt::format("{}{}", list.empty() ? "" : ",", number->value);
    if (comma == text.size()) return list;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

void plan_cpus(const config::VmConfig& vm, VmPlan& plan, config::DiagnosticSink& sink) {
  plan.vcpus = std::max(1u, static_cast<unsigned>(std::min(vm.cpus.size(), kMostCpus)));
  if (vm.cpus.size() > kMostCpus) {
    report(sink, config::Severity::error, "plan-cpu", vm.cpus[kMostCpus].where,
           fmt::format("{} CPUs: the machine has at most {}", vm.cpus.size(), kMostCpus), "");
  }
  plan.affinity.assign(plan.vcpus, "");
  for (std::size_t i = 0; i < vm.cpus.size() && i < kMostCpus; ++i) {
    for (const config::Option& option : vm.cpus[i].options) {
      if (option.arguments.empty()) continue;
      const config::Argument& argument = option.arguments.front();
      constexpr std::string_view kSingleCpu = "_cpu-";
      if (option.name == "runmask") {
        const auto list = cpu_list(argument.text);
        if (list) {
          plan.affinity[i] = *list;
        } else {
          report(sink, config::Severity::error, "plan-cpu", argument.where,
                 fmt::format("'{}' is not a list of CPUs", argument.text), "write 'runmask 0,1'");
        }
      }
      if (option.name == "cluster" && argument.text.substr(0, kSingleCpu.size()) == kSingleCpu &&
          is_number(std::string_view(argument.text).substr(kSingleCpu.size()))) {
        plan.affinity[i] = argument.text.substr(kSingleCpu.size());
      }
    }
  }
}

}  // namespace qvm::plan
