// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>

#include "config/rules/finding.h"
#include "config/rules/machine.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kImpossiblePlace;

namespace {

// The widest guest-physical addresses of x86 and of 64-bit ARM.
constexpr unsigned kWidest = 52;
// What every machine that runs VMs can do, emulated ones included.
constexpr unsigned kUsual = 40;
// Where every CPU of a PC sees its own local APIC, and where messages to them go.
constexpr std::uint64_t kApics = 0xfee00000;
constexpr std::uint64_t kApicsLast = 0xfeefffff;

void check_place(const Occupied& one, bool x86, const CheckedVm& vm, DiagnosticSink& sink) {
  if (one.space != Location::Space::memory) return;
  if (one.last >> kWidest != 0) {
    sink.add(finding(kImpossiblePlace, one.where,
                     fmt::format("{} at 0x{:x} lies beyond the last address of any machine, 0x{:x}",
                                 one.owner, one.start, (std::uint64_t{1} << kWidest) - 1),
                     "use a lower address"));
  } else if (one.last >> kUsual != 0) {
    Diagnostic diagnostic =
        finding(kImpossiblePlace, one.where,
                fmt::format("{} reaches to 0x{:x}, beyond what many hosts give a guest, 0x{:x}", one.owner,
                            one.last, (std::uint64_t{1} << kUsual) - 1),
                "use lower addresses");
    diagnostic.severity = Severity::warning;
    sink.add(std::move(diagnostic));
  }
  if (!x86 || one.start > kApicsLast || one.last < kApics) return;
  const bool memory = std::any_of(vm.model.memory.begin(), vm.model.memory.end(),
                                  [&](const MemoryPiece& piece) { return piece.where == one.where; });
  // The machine splits memory that reaches so far; a device cannot be split.
  if (memory) return;
  sink.add(finding(
      kImpossiblePlace, one.where,
      fmt::format("{} at 0x{:x}-0x{:x} covers the local APICs of the CPUs", one.owner, one.start, one.last),
      fmt::format("keep 0x{:x}-0x{:x} free", kApics, kApicsLast)));
}

void check_h05(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    const bool x86 = machine_of(vm, input.tables).machine == Machine::x86;
    for (const Occupied& one : occupied_by(vm.model)) check_place(one, x86, vm, sink);
  }
}

}  // namespace

const Rule kImpossiblePlace{.id = "H05",
                            .severity = Severity::error,
                            .title = "address that no machine has for this",
                            .documentation =
                                "Guest addresses have 52 bits at most, and 40 on many hosts (more is a "
                                "warning). On x86, 0xfee00000-0xfeefffff "
                                "belongs to the local APICs.",
                            .wrong = {"system left\nram 64M\nvdev ioapic loc 0xfee00000\n"},
                            .right = {"system left\nram 64M\nvdev ioapic loc 0xfec00000\n"},
                            .check = check_h05};

}  // namespace qvm::config
