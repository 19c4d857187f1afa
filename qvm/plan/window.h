// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Finds room in guest memory for the regions that vdevs map while the guest runs.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "qvm/plan/address_map.h"
#include "qvm/plan/ram_layout.h"
#include "qvm/plan/vm_plan.h"

namespace qvm::plan {

// How long a window should be, in bytes.
struct WindowLength {
  std::uint64_t needed = 0;
  std::uint64_t wished = 0;  // or less than needed: the same as that
};

// policy: of the vdev, if it has to do with regions. needed: what the VM creates by itself. What it wishes is
// room for all regions of its set that it may attach as well.
WindowLength window_length(std::uint64_t needed, const std::optional<regions::VdevPolicy>& policy,
                           const std::vector<SetRegion>& set);

// Where to put windows of these lengths: disjoint, aligned to their size, off everything in the map and off
// the machine's RAM. All get 256 MiB or what they wish if that fits below 4 GiB. Else all get the same size,
// the largest power of two that fits (1 MiB at least); one that needs more gets more, and goes above RAM and
// 4 GiB if it must, where a guest of 32 bits does not see it. nullopt: no room.
std::optional<std::vector<std::uint64_t>> place_windows(const std::vector<WindowLength>& wanted,
                                                        const AddressMap& map, const RamLayout& ram,
                                                        std::vector<std::uint64_t>& lengths);

// An info for each region of the set that a guest with this policy may attach to and that no window of so
// many bytes can hold. where: of the vdev.
void tell_what_does_not_fit(std::uint64_t window, const std::optional<regions::VdevPolicy>& policy,
                            const std::vector<SetRegion>& set, const config::SourceRange& where,
                            config::DiagnosticSink& sink);

}  // namespace qvm::plan
