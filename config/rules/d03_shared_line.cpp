// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "config/rules/finding.h"
#include "config/rules/interrupt_uses.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kSharedLine;

namespace {

bool may_share(const Vdev* one, const Vdev* other) {
  if (one == nullptr || other == nullptr) return false;
  const auto lists = [](const Vdev& left, const Vdev& right) {
    if (left.table == nullptr) return false;
    const auto& types = left.table->shares_lines_with;
    return std::find(types.begin(), types.end(), right.type) != types.end();
  };
  return lists(*one, *other) || lists(*other, *one);
}

std::string user(const InterruptUse& use, const InterruptUse& other) {
  if (use.vdev == nullptr) return "'pass'";
  return use.vdev == other.vdev ? "the same device" : label(*use.vdev);
}

void check_d03(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    std::map<std::pair<std::string, std::uint32_t>, InterruptUse> users;
    for (const InterruptUse& use : interrupt_uses(vm)) {
      if (use.reserved) continue;
      const auto [place, fresh] = users.try_emplace({use.interrupt.controller, *use.interrupt.line}, use);
      const InterruptUse& first = place->second;
      if (fresh || may_share(first.vdev, use.vdev)) continue;
      Diagnostic diagnostic =
          finding(kSharedLine, use.where,
                  fmt::format("interrupt line '{}:{}' is used already by {}", use.interrupt.controller,
                              *use.interrupt.line, user(first, use)),
                  "give each device a line of its own");
      diagnostic.notes.push_back({first.where, "first used here"});
      sink.add(std::move(diagnostic));
    }
  }
}

}  // namespace

const Rule kSharedLine{
    .id = "D03",
    .severity = Severity::error,
    .title = "interrupt line used twice",
    .documentation =
        "Two devices on one line of an interrupt controller switch each other's interrupts off. QNX's qvm "
        "does not "
        "notice it.",
    .wrong = {"system left\nram 64M\nvdev ioapic loc 0xf8000000\nvdev ser8250 intr ioapic:4\n"
              "vdev shmem loc 0x1c050000 intr ioapic:4\n"},
    .right = {"system left\nram 64M\nvdev ioapic loc 0xf8000000\nvdev ser8250 intr ioapic:4\n"
              "vdev shmem loc 0x1c050000 intr ioapic:5\n"},
    .check = check_d03};

}  // namespace qvm::config
