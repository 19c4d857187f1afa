// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "config/rules/finding.h"
#include "config/rules/interrupt_uses.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kUsedReservation;

namespace {

// Whoever covers a whole reservation: the last that starts at or before it, or one that reaches further.
void check_locations(const VmConfig& vm, DiagnosticSink& sink) {
  if (vm.reserves.empty()) return;
  std::vector<Occupied> all = occupied_by(vm);
  std::sort(all.begin(), all.end(), [](const Occupied& left, const Occupied& right) {
    return std::tie(left.space, left.start) < std::tie(right.space, right.start);
  });
  for (const Reserve& reserve : vm.reserves) {
    for (const Located<Location>& one : reserve.locations) {
      const Location& place = one.value;
      if (place.space == Location::Space::pci || !place.length || *place.length == 0) continue;
      const std::uint64_t last = place.address + (*place.length - 1);
      auto after =
          std::upper_bound(all.begin(), all.end(), place, [](const Location& left, const Occupied& right) {
            return std::tie(left.space, left.address) < std::tie(right.space, right.start);
          });
      if (after == all.begin()) continue;
      const Occupied& owner = *--after;
      if (owner.space != place.space || owner.last < last) continue;
      Diagnostic diagnostic =
          finding(kUsedReservation, one.where, fmt::format("this is reserved, but taken by {}", owner.owner),
                  "remove the reservation: nothing is left that it could keep free");
      diagnostic.notes.push_back({owner.where, fmt::format("{} is here", owner.owner)});
      sink.add(std::move(diagnostic));
    }
  }
}

void check_interrupts(const CheckedVm& vm, DiagnosticSink& sink) {
  std::map<std::pair<std::string, std::uint32_t>, InterruptUse> used;
  if (vm.model.reserves.empty()) return;
  for (const InterruptUse& use : interrupt_uses(vm)) {
    const std::pair<std::string, std::uint32_t> key{use.interrupt.controller, *use.interrupt.line};
    if (!use.reserved) {
      used.try_emplace(key, use);
      continue;
    }
    const auto found = used.find(key);
    if (found == used.end()) continue;
    Diagnostic diagnostic = finding(kUsedReservation, use.where,
                                    fmt::format("line '{}:{}' is reserved, but used", key.first, key.second),
                                    "remove the reservation");
    diagnostic.notes.push_back({found->second.where, "it is used here"});
    sink.add(std::move(diagnostic));
  }
}

void check_f07(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    check_locations(vm.model, sink);
    check_interrupts(vm, sink);
  }
}

}  // namespace

const Rule kUsedReservation{
    .id = "F07",
    .severity = Severity::warning,
    .title = "reservation of what the configuration uses itself",
    .documentation =
        "reserve keeps automatic placement away from addresses and interrupt lines. Explicit use stays "
        "possible, so a "
        "reservation that something takes completely has no effect.",
    .wrong = {"system left\nram 64M\nreserve loc io:0x2f8,8\nvdev ser8250 loc 0x2f8\n"},
    .right = {"system left\nram 64M\nreserve loc io:0x3f8,8\nvdev ser8250 loc 0x2f8\n"},
    .check = check_f07};

}  // namespace qvm::config
