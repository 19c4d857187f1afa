// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/plan/interrupt_map.h"

#include <fmt/format.h>

#include <algorithm>

#include "qvm/plan/finding.h"

namespace qvm::plan {

InterruptMap::InterruptMap(const vdevs::Machine& machine)
    : x_controller(machine.controller), x_first(machine.first_line), x_lines(machine.interrupt_lines) {
  for (const vdevs::MachineLine& line : machine.lines) {
    x_owners.push_back({line.line, "machine: " + std::string(line.title), {}, line.part});
  }
}

void InterruptMap::add_pci(const std::vector<std::uint32_t>& lines, bool silent) {
  for (const std::uint32_t line : lines) x_owners.push_back({line, "machine: PCI devices", {}, {}, silent});
}

bool InterruptMap::claim(LineOwner use, config::DiagnosticSink& sink) {
  if (use.line < x_first || use.line >= x_lines) {
    report(sink, config::Severity::error, "plan-interrupt", use.where,
           fmt::format("interrupt line {} of {} does not exist: this machine's {} has lines {}..{}", use.line,
                       use.owner, x_controller, x_first, x_lines - 1),
           "free lines: " + free_lines());
    return false;
  }
  for (LineOwner& other : x_owners) {
    if (other.line != use.line) continue;
    if (use.part && other.part == use.part && !other.where.valid()) {
      other = std::move(use);
      return true;
    }
    if (use.part && other.part && use.part != other.part) continue;
    if (other.silent) {
      report(
          sink, config::Severity::warning, "D03", use.where,
          fmt::format("interrupt line {} of {} is one that the machine gives to PCI devices", use.line,
                      use.owner),
          fmt::format("Linux does not notice: it uses the message interrupts (MSI-X) of virtio devices; for "
                      "a guest that does not, take a free line: {}",
                      free_lines()));
      continue;
    }
    config::Diagnostic finding;
    finding.rule = "D03";
    finding.where = use.where;
    finding.message = fmt::format("interrupt line {} of {} belongs to {}", use.line, use.owner, other.owner);
    if (other.where.valid()) finding.notes.push_back({other.where, other.owner + " takes it here"});
    finding.help = "free lines: " + free_lines();
    sink.add(std::move(finding));
    return false;
  }
  x_owners.push_back(std::move(use));
  return true;
}

std::vector<LineOwner> InterruptMap::owners() const {
  std::vector<LineOwner> result = x_owners;
  std::stable_sort(result.begin(), result.end(),
                   [](const LineOwner& a, const LineOwner& b) { return a.line < b.line; });
  return result;
}

std::string InterruptMap::free_lines() const {
  constexpr unsigned kMost = 16;
  std::string text;
  unsigned named = 0;
  for (std::uint32_t line = x_first; line < x_lines; ++line) {
    const bool owned = std::any_of(x_owners.begin(), x_owners.end(),
                                   [&](const LineOwner& owner) { return owner.line == line; });
    if (owned) continue;
    if (!text.empty()) text += ", ";
    if (named++ == kMost) return text + "…";
    text += std::to_string(line);
  }
  return text;
}

}  // namespace qvm::plan
