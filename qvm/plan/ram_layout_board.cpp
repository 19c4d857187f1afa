// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/plan/ram_layout_board.h"

#include <fmt/format.h>

#include <algorithm>

#include "qvm/plan/finding.h"

namespace qvm::plan {
namespace {

using config::MemoryPiece;

std::string problem_of(const MemoryPiece& piece, const vdevs::Machine& machine) {
  const std::string noun = piece.kind == MemoryPiece::Kind::rom ? "rom" : "ram";
  const std::string range = describe_range(piece.start, piece.length);
  const vdevs::RamRules& rules = machine.ram;
  if (piece.length == 0 || piece.start + piece.length < piece.start)
    return "a piece of memory of no length or beyond the 64-bit address space";
  if (piece.start % vdevs::kPage != 0 || piece.length % vdevs::kPage != 0)
    return fmt::format("{} {} does not begin and end at a multiple of {:#x}", noun, range, vdevs::kPage);
  const std::uint64_t end = piece.start + piece.length;
  if (end > rules.top_limit)
    return fmt::format("{} {} ends above {:#x}, where the memory of machine '{}' ends", noun, range,
                       rules.top_limit - 1, machine.name);
  if (piece.start < rules.base && end > rules.base)
    return fmt::format("{} {} reaches across {:#x}, where the RAM of machine '{}' begins", noun, range,
                       rules.base, machine.name);
  return {};
}

std::string remedy_for(const MemoryPiece& piece, const vdevs::Machine& machine) {
  const std::uint64_t base = machine.ram.base;
  if (piece.start < base && piece.start + piece.length > base)
    return fmt::format("write it as two pieces, '{0} {1:#x},{2:#x}' and '{0} {3:#x},{4:#x}'",
                       piece.kind == MemoryPiece::Kind::rom ? "rom" : "ram", piece.start, base - piece.start,
                       base, piece.start + piece.length - base);
  return "boards usually have 'ram 0x80000000,LENGTH'";
}

}  // namespace

std::optional<RamLayout> lay_out_board_ram(const std::vector<MemoryPiece>& pieces,
                                           const config::SourceRange& vm, const vdevs::Machine& machine,
                                           config::DiagnosticSink& sink) {
  if (std::none_of(pieces.begin(), pieces.end(),
                   [](const MemoryPiece& piece) { return piece.kind == MemoryPiece::Kind::ram; })) {
    report(sink, config::Severity::error, "B06", vm, "the VM has no RAM",
           "add 'ram START,LENGTH', for example 'ram 0x80000000,64M'");
    return std::nullopt;
  }
  const std::size_t errors_before = sink.count(config::Severity::error);
  RamLayout layout;
  std::vector<OwnedRange> pieces_so_far;
  std::uint64_t end = machine.ram.base;
  for (const MemoryPiece& piece : pieces) {
    if (std::string problem = problem_of(piece, machine); !problem.empty()) {
      report(sink, config::Severity::error, "plan-memory", piece.where, std::move(problem),
             remedy_for(piece, machine));
      continue;
    }
    for (const OwnedRange& other : pieces_so_far) {
      if (piece.start >= other.end() || other.start >= piece.start + piece.length) continue;
      config::Diagnostic finding;
      finding.rule = "B02";
      finding.where = piece.where;
      finding.message = fmt::format("memory {} overlaps {}", describe_range(piece.start, piece.length),
                                    describe_range(other.start, other.length));
      finding.notes.push_back({other.where, "the other piece is here"});
      sink.add(std::move(finding));
    }
    const bool rom = piece.kind == MemoryPiece::Kind::rom;
    OwnedRange range;
    range.kind = rom ? MemoryRange::Kind::rom : MemoryRange::Kind::ram;
    range.start = piece.start;
    range.length = piece.length;
    range.owner = rom ? "rom" : "ram";
    range.where = piece.where;
    pieces_so_far.push_back(range);
    if (rom) {
      layout.roms.push_back(std::move(range));
      continue;
    }
    if (piece.start < machine.ram.base) {
      layout.low_ram.push_back(range);
    } else {
      end = std::max(end, range.end());
    }
    layout.ranges.push_back(std::move(range));
  }
  if (sink.count(config::Severity::error) != errors_before) return std::nullopt;
  std::sort(layout.ranges.begin(), layout.ranges.end(),
            [](const OwnedRange& a, const OwnedRange& b) { return a.start < b.start; });
  const std::uint64_t grain = machine.ram.granularity;
  // With all of the guest's RAM below its base the machine has a little that nobody is told of.
  layout.bytes = std::max((end - machine.ram.base + grain - 1) / grain * grain, grain);
  layout.low_end = machine.ram.base + layout.bytes;
  return layout;
}

}  // namespace qvm::plan
