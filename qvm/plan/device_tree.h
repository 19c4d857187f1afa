// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The flattened device tree that a board's guest is started with.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "qvm/base/result.h"
#include "vdevs/plan.h"

namespace qvm::plan {

struct BoardNode {
  std::string name;   // "counter"; the address of its first range completes it: "counter@1c090000"
  std::string label;  // what overlays call it by: "counter_0"
  vdevs::DeviceNode node;
};

struct Board {
  using Range = vdevs::DeviceNode::Range;
  unsigned cpus = 1;
  std::string cpu;  // "arm,cortex-a57"
  std::vector<Range> memory;
  std::string cmdline;
  std::optional<Range> initrd;
  // In configuration order, exactly one of them the interrupt controller. It is put at the root, the others
  // below /vdevs.
  std::vector<BoardNode> nodes;
};

// The longest tree that Linux takes, and that boot_board.h has room for behind its boot code.
inline constexpr std::uint64_t kMostTreeBytes = 0x1f0000;

// Fails if it would be longer than kMostTreeBytes.
Result<std::string> build_device_tree(const Board& board);

// The tree with an overlay (version 8.0) or with another tree's nodes and properties (7.1) put into it. In
// the latter a node with the property `qvm,vdev = "LABEL"` gets the properties of the vdev of that name,
// instead of its node below /vdevs. Fails with the reason of libfdt.
Result<std::string> merge_device_tree(std::string_view tree, std::string_view addition);

}  // namespace qvm::plan
