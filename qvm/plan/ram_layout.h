// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// How the pieces of `ram` and `rom` fit the RAM that a machine has.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "config/model/vm_config.h"
#include "config/text/diagnostic.h"
#include "qvm/plan/address_map.h"
#include "vdevs/machine.h"

namespace qvm::plan {

struct RamLayout {
  std::uint64_t bytes = 0;          // what the machine is given
  std::uint64_t low_end = 0;        // RAM is [0, low_end), the legacy hole aside
  std::uint64_t high_end = 0;       // and [4 GiB, high_end); 0: none there
  std::vector<OwnedRange> ranges;   // sorted, disjoint: the pieces, the hole, RAM that nobody asked for
  std::vector<OwnedRange> low_ram;  // those of ranges that a board's machine lacks
  std::vector<OwnedRange> roms;  // read-only memory that the machine lacks: outside its RAM and its BIOS area

  // The whole range is RAM that the guest can use.
  bool is_ram(std::uint64_t start, std::uint64_t length) const;
  // The whole range is in one piece of `rom`, the BIOS area's included.
  bool is_rom(std::uint64_t start, std::uint64_t length) const;
};

// What the machine cannot do is an error in sink that says what would work; nullopt exactly then.
std::optional<RamLayout> lay_out_ram(const std::vector<config::MemoryPiece>& pieces,
                                     const config::SourceRange& vm, const vdevs::Machine& machine,
                                     config::DiagnosticSink& sink);

}  // namespace qvm::plan
