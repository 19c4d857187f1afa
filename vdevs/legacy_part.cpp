// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/legacy_part.h"

#include <fmt/format.h>

#include <algorithm>

namespace qvm::vdevs {
namespace {

std::vector<MachineRange> ports_of(const Machine& machine, Part part) {
  std::vector<MachineRange> ranges;
  for (const MachineRange& range : machine.ports) {
    if (range.part == part) ranges.push_back(range);
  }
  return ranges;
}

std::vector<std::uint32_t> lines_of(const Machine& machine, Part part) {
  std::vector<std::uint32_t> lines;
  for (const MachineLine& line : machine.lines) {
    if (line.part == part) lines.push_back(line.line);
  }
  return lines;
}

void claim_ports(const PlanInput& input, const LegacyPart& part, VdevPlan& plan,
                 config::DiagnosticSink& sink) {
  const std::vector<MachineRange> ranges = ports_of(input.machine, part.part);
  const auto& location = input.vdev.location;
  const MachineRange* named = ranges.empty() ? nullptr : &ranges.front();
  if (location) {
    const auto at = std::find_if(ranges.begin(), ranges.end(), [&](const MachineRange& range) {
      return location->value.space == config::Location::Space::io && range.start == location->value.address;
    });
    if (at == ranges.end()) {
      std::string allowed;
      for (const MachineRange& range : ranges) {
        allowed += fmt::format("{}'loc io:{:#x}'", allowed.empty() ? "" : " or ", range.start);
      }
      add_finding(
          sink, config::Severity::error, kDeviceRule, location->where,
          fmt::format("machine '{}' has {} at its standard ports only", input.machine.name, part.what),
          "write " + allowed);
      return;
    }
    named = &*at;
  }
  const config::SourceRange where = location && location->where.valid() ? location->where : input.vdev.where;
  for (const MachineRange& range : ranges) {
    if (part.whole || range.start == named->start)
      plan.ports.push_back({range.start, range.length, where, part.part});
  }
}

}  // namespace

void plan_legacy_part(const PlanInput& input, const LegacyPart& part, VdevPlan& plan,
                      config::DiagnosticSink& sink) {
  claim_ports(input, part, plan, sink);
  const auto lines = part.whole ? lines_of(input.machine, part.part) : std::vector<std::uint32_t>();
  for (const auto& interrupt : input.vdev.interrupts) {
    const auto& line = interrupt.value.line;
    if (line && std::find(lines.begin(), lines.end(), *line) != lines.end()) continue;
    add_finding(sink, config::Severity::error, kDeviceRule, interrupt.where,
                fmt::format("{} of machine '{}' is wired to {} only", part.what, input.machine.name,
                            lines.empty() ? std::string("the processor")
                                          : fmt::format("line {}", fmt::join(lines, " and "))),
                "leave 'intr' out, or name that line");
  }
  for (const std::uint32_t line : lines) {
    const auto named = std::find_if(input.vdev.interrupts.begin(), input.vdev.interrupts.end(),
                                    [&](const auto& interrupt) { return interrupt.value.line == line; });
    plan.lines.push_back(
        {line, named != input.vdev.interrupts.end() ? named->where : input.vdev.where, part.part});
  }
}

}  // namespace qvm::vdevs
