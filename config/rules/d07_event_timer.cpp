// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>

#include "config/rules/finding.h"
#include "config/rules/machine.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kEventTimer;

namespace {

constexpr std::size_t kMostTimers = 32;

bool has_line(const Vdev& hpet, std::uint32_t line) {
  return std::any_of(hpet.interrupts.begin(), hpet.interrupts.end(),
                     [&](const auto& interrupt) { return interrupt.value.line == line; });
}

void check_lines(const Vdev& hpet, GuestSystem guest, DiagnosticSink& sink) {
  if (hpet.interrupts.size() > kMostTimers) {
    sink.add(finding(kEventTimer, hpet.interrupts[kMostTimers].where,
                     fmt::format("{} has {} interrupts, for {} timers at most", label(hpet),
                                 hpet.interrupts.size(), kMostTimers),
                     "leave the rest away"));
  }
  if (guest == GuestSystem::unknown || hpet.interrupts.empty()) return;
  const bool qnx = guest == GuestSystem::qnx;
  const std::uint32_t first = qnx ? 2 : 0;
  if (has_line(hpet, first) && has_line(hpet, 8)) return;
  sink.add(
      finding(kEventTimer, hpet.interrupts.front().where,
              fmt::format("{} guests expect {} on lines {} and 8", qnx ? "QNX" : "Linux", label(hpet), first),
              fmt::format("write 'intr {0}:{1},{0}:8'", hpet.interrupts.front().value.controller, first)));
}

void check_d07(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    const Vdev* first = nullptr;
    for (const Vdev& vdev : vm.model.vdevs) {
      if (vdev.type != "hpet") continue;
      if (first == nullptr) {
        check_lines(vdev, guest_of(vm, input.reader), sink);
        first = &vdev;
        continue;
      }
      Diagnostic diagnostic = finding(kEventTimer, vdev.where, "the guest does not find a second hpet",
                                      "give the first one more interrupts, one for each timer");
      diagnostic.notes.push_back({first->where, "only this one is in the guest's tables"});
      sink.add(std::move(diagnostic));
    }
  }
}

}  // namespace

const Rule kEventTimer{
    .id = "D07",
    .severity = Severity::warning,
    .title = "hpet that the guest cannot use",
    .documentation =
        "Linux takes the lines 0 and 8 of the I/O APIC for the hpet, QNX 2 and 8. There are at most 32 "
        "timers, and "
        "only the first hpet is announced to the guest. What the guest is shows in the files it loads.",
    .wrong = {"system left\nram 64M\nload bzImage\nvdev ioapic loc 0xf8000000\nvdev hpet intr "
              "ioapic:2,ioapic:8\n"},
    .right = {"system left\nram 64M\nload bzImage\nvdev ioapic loc 0xf8000000\nvdev hpet intr "
              "ioapic:0,ioapic:8\n"},
    .check = check_d07};

}  // namespace qvm::config
