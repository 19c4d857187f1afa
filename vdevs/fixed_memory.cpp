// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/fixed_memory.h"

#include <fmt/format.h>

namespace qvm::vdevs {

void plan_fixed_memory(const PlanInput& input, Part part, std::string_view what, VdevPlan& plan,
                       config::DiagnosticSink& sink) {
  const MachineRange* registers = input.machine.find_memory(part);
  if (registers == nullptr) {
    add_finding(sink, config::Severity::error, "plan-device", input.vdev.where,
                fmt::format("machine '{}' does not have {}", input.machine.name, what),
                "leave this vdev out");
    return;
  }
  const auto& location = input.vdev.location;
  const bool given = location && location->where.valid();
  const config::SourceRange where = given ? location->where : input.vdev.where;
  if (given && (location->value.space != config::Location::Space::memory ||
                location->value.address != registers->start)) {
    add_finding(sink, config::Severity::warning, "plan-device", where,
                fmt::format("{} of machine '{}' stays at {:#x}, where ACPI announces it to the guest", what,
                            input.machine.name, registers->start),
                fmt::format("write 'loc {:#x}'", registers->start));
  }
  plan.memory.push_back({registers->start, registers->length, where, part});
}

}  // namespace qvm::vdevs
