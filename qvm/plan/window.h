// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Finds room in guest memory for the regions that vdevs map while the guest runs.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "qvm/plan/address_map.h"
#include "qvm/plan/ram_layout.h"

namespace qvm::plan {

// Where to put windows of at least the given lengths (0: any): disjoint, aligned to their size, off
// everything in the map and off the machine's RAM. All get the same size, 256 MiB if that fits below 4 GiB,
// else the largest power of two that does (1 MiB at least); one that needs more gets more, and goes above RAM
// and 4 GiB if it must. nullopt: no room.
std::optional<std::vector<std::uint64_t>> place_windows(const std::vector<std::uint64_t>& minimum,
                                                        const AddressMap& map, const RamLayout& ram,
                                                        std::vector<std::uint64_t>& lengths);

}  // namespace qvm::plan
