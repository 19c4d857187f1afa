// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// `vdev hpet`: the machine's high precision event timers, which it has only if they are configured.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "vdevs/fixed_memory.h"
#include "vdevs/plan.h"

namespace qvm::vdevs {
namespace {

// In legacy replacement mode the timers take over lines 0 and 8; otherwise machine `pc` routes them to
// line 2.
constexpr std::array<std::uint32_t, 3> kLines = {0, 2, 8};

VdevPlan plan_hpet(const PlanInput& input, config::DiagnosticSink& sink) {
  VdevPlan plan;
  plan_fixed_memory(input, Part::precision_timer, "the high precision timer", plan, sink);
  plan.domain.push_back({"clock", "<timer name='hpet' present='yes'/>"});
  for (const auto& interrupt : input.vdev.interrupts) {
    const auto& line = interrupt.value.line;
    if (line && std::find(kLines.begin(), kLines.end(), *line) != kLines.end()) {
      plan.lines.push_back({*line, interrupt.where, Part::precision_timer});
      continue;
    }
    add_finding(
        sink, config::Severity::warning, kDeviceRule, interrupt.where,
        fmt::format("the high precision timer of machine '{}' raises line 2, or lines 0 and 8 in legacy mode",
                    input.machine.name),
        "the guest learns the lines from the timer itself: leave 'intr' out");
  }
  return plan;
}

std::vector<DomainElement> without_hpet(const Machine& machine) {
  if (machine.find_memory(Part::precision_timer) == nullptr) return {};
  return {{"clock", "<timer name='hpet' present='no'/>"}};
}

}  // namespace

const ShippedVdev kHpetVdev{"hpet", plan_hpet, without_hpet};

}  // namespace qvm::vdevs
