// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/plan/ram_layout.h"

#include <fmt/format.h>

#include <algorithm>

#include "qvm/plan/finding.h"
#include "qvm/plan/machine_pc.h"

namespace qvm::plan {
namespace {

using config::MemoryPiece;

std::uint64_t end_of(const MemoryPiece& piece) {
  return piece.start + piece.length;
}

class RamPlanner {
 public:
  RamPlanner(const std::vector<MemoryPiece>& pieces, const vdevs::Machine& machine,
             config::DiagnosticSink& sink)
      : x_pieces(pieces), x_machine(machine), x_rules(machine.ram), x_sink(sink) {}

  std::optional<RamLayout> run(const config::SourceRange& vm);

 private:
  void check_piece(const MemoryPiece& piece);
  void check_ram(const MemoryPiece& piece);
  bool is_in_bios_area(const MemoryPiece& piece) const;
  void check_overlaps();
  void size_machine();
  void add_roms();
  void add(MemoryRange::Kind kind, std::uint64_t start, std::uint64_t end, std::string owner,
           config::SourceRange where = {});
  void add_ram(std::uint64_t start, std::uint64_t end, const std::string& owner,
               config::SourceRange where = {});
  void fill(std::uint64_t start, std::uint64_t end);
  void error(const MemoryPiece& piece, std::string rule, std::string message, std::string help) {
    x_failed = true;
    report(x_sink, config::Severity::error, std::move(rule), piece.where, std::move(message),
           std::move(help));
  }

  const std::vector<MemoryPiece>& x_pieces;
  const vdevs::Machine& x_machine;
  const vdevs::RamRules& x_rules;
  config::DiagnosticSink& x_sink;
  RamLayout x_layout;
  std::vector<MemoryPiece> x_sorted;
  bool x_failed = false;
  bool x_has_high = false;
};

void RamPlanner::check_ram(const MemoryPiece& piece) {
  const std::uint64_t end = end_of(piece);
  if (piece.start < kFourGiB) {
    // Exactly low_limit already makes the machine split its RAM.
    const std::uint64_t limit = x_has_high ? x_rules.split_low : x_rules.low_limit - x_rules.granularity;
    if (end > limit) {
      error(piece, "plan-memory",
            fmt::format("ram {} reaches into the addresses that machine '{}' keeps for PCI below 4 GiB",
                        describe_range(piece.start, piece.length), x_machine.name),
            fmt::format(
                "RAM below 4 GiB ends at {:#x} at most{}; put the rest at 0x100000000 ('ram 0,{:#x} ram "
                "0x100000000,LENGTH')",
                limit, x_has_high ? " when there is RAM above 4 GiB" : "", x_rules.split_low));
    }
  } else if (end > x_rules.top_limit) {
    error(
        piece, "plan-memory",
        fmt::format("ram {} ends above {:#x}", describe_range(piece.start, piece.length), x_rules.top_limit),
        fmt::format("the RAM of machine '{}' ends at {:#x} at most", x_machine.name, x_rules.top_limit));
  }
  const bool inside = piece.start >= x_rules.hole_start && end <= x_rules.hole_end;
  if (inside) {
    error(piece, "plan-memory",
          fmt::format("ram {} lies in the video and BIOS area of machine '{}'",
                      describe_range(piece.start, piece.length), x_machine.name),
          fmt::format("there is no RAM from {:#x} to {:#x} on this machine", x_rules.hole_start,
                      x_rules.hole_end - 1));
  } else if (piece.start < x_rules.hole_end && end > x_rules.hole_start) {
    // The firmware's memory map tells the guest.
    report(x_sink, config::Severity::info, "plan-memory", piece.where,
           fmt::format("ram {} covers the video and BIOS area {}, where machine '{}' has no RAM",
                       describe_range(piece.start, piece.length),
                       describe_range(x_rules.hole_start, x_rules.hole_end - x_rules.hole_start),
                       x_machine.name),
           "the usual map is 'ram 0,0xa0000 rom 0xc0000,0x40000 ram 1M,LENGTH'");
  }
}

void RamPlanner::check_piece(const MemoryPiece& piece) {
  if (piece.length == 0 || end_of(piece) < piece.start) {
    error(piece, "plan-memory", "a piece of memory of no length or beyond the 64-bit address space", "");
    return;
  }
  if (piece.kind == MemoryPiece::Kind::ram) {
    check_ram(piece);
    return;
  }
  if (is_in_bios_area(piece)) return;
  if (piece.start < x_rules.hole_end && x_rules.hole_start < end_of(piece)) {
    error(piece, "plan-memory",
          fmt::format(
              "rom {} is not possible: in the first MiB machine '{}' has read-only memory only in its BIOS "
              "area",
              describe_range(piece.start, piece.length), x_machine.name),
          fmt::format("'rom {:#x},{:#x}' works", x_rules.rom_start, x_rules.hole_end - x_rules.rom_start));
  } else if (piece.start % vdevs::kPage != 0 || piece.length % vdevs::kPage != 0) {
    error(piece, "plan-memory",
          fmt::format("rom {} does not begin and end on pages", describe_range(piece.start, piece.length)),
          fmt::format("its start and its length have to be multiples of {:#x}", vdevs::kPage));
  } else if (end_of(piece) > x_rules.top_limit) {
    error(
        piece, "plan-memory",
        fmt::format("rom {} ends above {:#x}", describe_range(piece.start, piece.length), x_rules.top_limit),
        fmt::format("the memory of machine '{}' ends at {:#x} at most", x_machine.name, x_rules.top_limit));
  }
}

bool RamPlanner::is_in_bios_area(const MemoryPiece& piece) const {
  return piece.start >= x_rules.rom_start && end_of(piece) <= x_rules.hole_end;
}

// Those that vmhost adds: anywhere but where the machine has RAM, which has no gaps.
void RamPlanner::add_roms() {
  for (const MemoryPiece& piece : x_sorted) {
    if (piece.kind != MemoryPiece::Kind::rom || is_in_bios_area(piece)) continue;
    const bool low = piece.start < x_layout.low_end;
    const bool high = piece.start < x_layout.high_end && kFourGiB < end_of(piece);
    if (low || high) {
      error(piece, "plan-memory",
            fmt::format("rom {} lies in the RAM of machine '{}', which has no gaps",
                        describe_range(piece.start, piece.length), x_machine.name),
            fmt::format(
                "the RAM of this VM ends at {0:#x}: above that is room for it ('rom {0:#x},{1:#x}'), or "
                "use 'ram' here",
                low ? x_layout.low_end : x_layout.high_end, piece.length));
      continue;
    }
    OwnedRange range;
    range.kind = MemoryRange::Kind::rom;
    range.start = piece.start;
    range.length = piece.length;
    range.owner = "rom";
    range.where = piece.where;
    x_layout.roms.push_back(std::move(range));
  }
}

void RamPlanner::check_overlaps() {
  const MemoryPiece* highest = nullptr;
  for (const MemoryPiece& piece : x_sorted) {
    if (highest != nullptr && piece.start < end_of(*highest)) {
      x_failed = true;
      config::Diagnostic finding;
      finding.rule = "B02";
      finding.where = piece.where;
      finding.message = fmt::format("memory {} overlaps {}", describe_range(piece.start, piece.length),
                                    describe_range(highest->start, highest->length));
      finding.notes.push_back({highest->where, "the other piece is here"});
      x_sink.add(std::move(finding));
    }
    if (highest == nullptr || end_of(piece) > end_of(*highest)) highest = &piece;
  }
}

void RamPlanner::size_machine() {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  for (const MemoryPiece& piece : x_sorted) {
    if (piece.kind == MemoryPiece::Kind::rom) continue;
    std::uint64_t& top = piece.start < kFourGiB ? low : high;
    top = std::max(top, end_of(piece));
  }
  const auto round_up = [&](std::uint64_t value) {
    return (value + x_rules.granularity - 1) / x_rules.granularity * x_rules.granularity;
  };
  if (high == 0) {
    x_layout.bytes = x_layout.low_end = std::max(round_up(low), x_rules.granularity);
    return;
  }
  // Less than low_limit in all would not be split at all.
  x_layout.bytes = std::max(x_rules.split_low + (round_up(high) - kFourGiB), x_rules.low_limit);
  x_layout.low_end = x_rules.split_low;
  x_layout.high_end = kFourGiB + (x_layout.bytes - x_rules.split_low);
}

void RamPlanner::add(MemoryRange::Kind kind, std::uint64_t start, std::uint64_t end, std::string owner,
                     config::SourceRange where) {
  if (start >= end) return;
  OwnedRange range;
  range.kind = kind;
  range.start = start;
  range.length = end - start;
  range.owner = std::move(owner);
  range.where = where;
  if (!where.valid())
    range.hint = "the machine's RAM has no gaps, and its first MiB is fixed: choose a place above RAM";
  x_layout.ranges.push_back(std::move(range));
}

// The legacy hole cuts through RAM that covers it.
void RamPlanner::add_ram(std::uint64_t start, std::uint64_t end, const std::string& owner,
                         config::SourceRange where) {
  add(MemoryRange::Kind::ram, start, std::min(end, std::max(start, x_rules.hole_start)), owner, where);
  add(MemoryRange::Kind::ram, std::max(start, std::min(end, x_rules.hole_end)), end, owner, where);
}

// One contiguous area of the machine's RAM: the pieces in it and what is between them.
void RamPlanner::fill(std::uint64_t start, std::uint64_t end) {
  std::uint64_t at = start;
  for (const MemoryPiece& piece : x_sorted) {
    if (piece.kind == MemoryPiece::Kind::rom || piece.start < start || piece.start >= end) continue;
    add_ram(at, piece.start, "machine: RAM nobody asked for");
    add_ram(piece.start, end_of(piece), "ram", piece.where);
    at = end_of(piece);
  }
  add_ram(at, end, "machine: RAM nobody asked for");
}

std::optional<RamLayout> RamPlanner::run(const config::SourceRange& vm) {
  const auto is_ram = [](const MemoryPiece& piece) { return piece.kind == MemoryPiece::Kind::ram; };
  if (std::none_of(x_pieces.begin(), x_pieces.end(), is_ram)) {
    report(x_sink, config::Severity::error, "B06", vm, "the VM has no RAM",
           "add 'ram 0,LENGTH', for example 'ram 0,64M'");
    return std::nullopt;
  }
  x_has_high = std::any_of(x_pieces.begin(), x_pieces.end(), [&](const MemoryPiece& piece) {
    return is_ram(piece) && piece.start >= kFourGiB;
  });
  for (const MemoryPiece& piece : x_pieces) check_piece(piece);
  x_sorted = x_pieces;
  std::stable_sort(x_sorted.begin(), x_sorted.end(),
                   [](const MemoryPiece& a, const MemoryPiece& b) { return a.start < b.start; });
  check_overlaps();
  if (x_failed) return std::nullopt;
  size_machine();
  add_roms();
  if (x_failed) return std::nullopt;
  fill(0, x_layout.low_end);
  if (x_layout.high_end != 0) fill(kFourGiB, x_layout.high_end);
  add(MemoryRange::Kind::reserved, x_rules.hole_start, x_rules.rom_start, "machine: video window");
  std::uint64_t at = x_rules.rom_start;
  for (const MemoryPiece& piece : x_sorted) {
    if (!is_in_bios_area(piece)) continue;
    add(MemoryRange::Kind::firmware, at, piece.start, "machine: BIOS area");
    add(MemoryRange::Kind::rom, piece.start, end_of(piece), "rom (the machine's BIOS area)", piece.where);
    at = end_of(piece);
  }
  add(MemoryRange::Kind::firmware, at, x_rules.hole_end, "machine: BIOS area");
  std::sort(x_layout.ranges.begin(), x_layout.ranges.end(),
            [](const OwnedRange& a, const OwnedRange& b) { return a.start < b.start; });
  return x_layout;
}

}  // namespace

bool RamLayout::is_ram(std::uint64_t start, std::uint64_t length) const {
  std::uint64_t at = start;
  const std::uint64_t end = start + length;
  if (end < start) return false;
  for (const OwnedRange& range : ranges) {
    if (at >= end) break;
    if (range.kind == MemoryRange::Kind::ram && range.start <= at && at < range.end()) {
      at = range.end();
    }
  }
  return at >= end;
}

bool RamLayout::is_rom(std::uint64_t start, std::uint64_t length) const {
  const auto holds = [&](const OwnedRange& range) {
    return range.kind == MemoryRange::Kind::rom && range.start <= start && start < range.end() &&
           length <= range.end() - start;
  };
  return std::any_of(ranges.begin(), ranges.end(), holds) || std::any_of(roms.begin(), roms.end(), holds);
}

std::optional<RamLayout> lay_out_ram(const std::vector<config::MemoryPiece>& pieces,
                                     const config::SourceRange& vm, const vdevs::Machine& machine,
                                     config::DiagnosticSink& sink) {
  return RamPlanner(pieces, machine, sink).run(vm);
}

}  // namespace qvm::plan
