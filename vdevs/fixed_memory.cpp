// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/fixed_memory.h"

#include <fmt/format.h>

namespace qvm::vdevs {

void plan_fixed_memory(const PlanInput& input, Part part, std::string_view what, VdevPlan& plan,
                       config::DiagnosticSink& sink) {
  const MachineRange* registers = input.machine.find_memory(part);
  if (registers == nullptr) {
    add_finding(sink, config::Severity::error, kDeviceRule, input.vdev.where,
                fmt::format("machine '{}' does not have {}", input.machine.name, what),
                "leave this vdev out");
    return;
  }
  const auto& location = input.vdev.location;
  const bool given = location && location->where.valid();
  const config::SourceRange where = given ? location->where : input.vdev.where;
  const bool elsewhere = given && (location->value.space != config::Location::Space::memory ||
                                   location->value.address != registers->start);
  plan.memory.push_back({registers->start, registers->length, elsewhere ? input.vdev.where : where, part});
  if (!elsewhere) return;
  if (location->value.space != config::Location::Space::memory || location->value.address % kPage != 0) {
    add_finding(sink, config::Severity::error, kDeviceRule, where,
                fmt::format("{} needs a memory address that is a multiple of {:#x}", what, kPage),
                fmt::format("for example 'loc {:#x}', where machine '{}' has it", registers->start,
                            input.machine.name));
    return;
  }
  plan.memory.push_back({location->value.address, registers->length, where, std::nullopt});
  plan.second_place = SecondPlace{part, input.vdev.type, location->value.address, registers->length};
  add_finding(
      sink, config::Severity::info, kDeviceRule, where,
      fmt::format("{} is at {:#x} and at {:#x}, where ACPI announces it to the guest", what,
                  location->value.address, registers->start),
      part == Part::io_apic
          ? fmt::format("under KVM this costs time, because the kernel's own I/O APIC can be at one place "
                        "only: write 'loc {:#x}' for a guest that reads ACPI",
                        registers->start)
          : "");
}

}  // namespace qvm::vdevs
