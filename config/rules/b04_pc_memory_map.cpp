// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>

#include "config/rules/finding.h"
#include "config/rules/machine.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kPcMemoryMap;

namespace {

// Where a PC has its video memory, between ordinary memory and the ROMs.
constexpr std::uint64_t kHole = 0xa0000;
constexpr std::uint64_t kHoleEnd = 0xc0000;

bool covers(std::uint64_t start, std::uint64_t length) {
  return start < kHoleEnd && start + length > kHole;
}

// Memory is a matter of taste for a small guest; one with all of a PC's devices expects a PC's memory map.
bool is_whole_pc(const VmConfig& vm) {
  return count_vdevs(vm, "8259") >= 2 && count_vdevs(vm, "timer8254") != 0;
}

void check_b04(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    if (!is_whole_pc(vm.model)) continue;
    const auto& reserves = vm.model.reserves;
    const bool reserved = std::any_of(reserves.begin(), reserves.end(), [](const Reserve& reserve) {
      return std::any_of(reserve.locations.begin(), reserve.locations.end(),
                         [](const Located<Location>& one) {
                           return one.value.space == Location::Space::memory && one.value.length &&
                                  covers(one.value.address, *one.value.length);
                         });
    });
    for (const MemoryPiece& piece : vm.model.memory) {
      if (reserved || piece.kind != MemoryPiece::Kind::ram || !covers(piece.start, piece.length)) continue;
      sink.add(finding(
          kPcMemoryMap, piece.where,
          fmt::format("ram covers 0x{:x}-0x{:x}, where a PC has its video memory", kHole, kHoleEnd - 1),
          "the usual map is 'ram 0,0xa0000 reserve loc 0xa0000,0x20000 rom 0xc0000,0x40000 ram "
          "1m,LENGTH'"));
    }
  }
}

}  // namespace

const Rule kPcMemoryMap{
    .id = "B04",
    .severity = Severity::info,
    .title = "PC without the hole in its memory",
    .documentation =
        "Guests written for PCs take 0xa0000-0xbffff for video memory and look for ROMs after it. Only "
        "guests with a "
        "PC's interrupt controllers and timer are looked at.",
    .wrong = {"system left\nram 64M\nvdev ioapic loc 0xf8000000\nvdev timer8254 intr ioapic:0\n"
              "vdev 8259 loc 0x20\nvdev 8259 loc 0xa0\n"},
    .right = {"system left\nram 0,0xa0000\nreserve loc 0xa0000,0x20000\nrom 0xc0000,0x40000\nram 1m,63m\n"
              "vdev ioapic loc 0xf8000000\nvdev timer8254 intr ioapic:0\nvdev 8259 loc 0x20\nvdev 8259 loc "
              "0xa0\n"},
    .check = check_b04};

}  // namespace qvm::config
