// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The devices that a compiled device tree describes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace qvm::config {

// Interrupts below it belong to one CPU or are signals between CPUs (GIC architecture).
inline constexpr std::uint32_t kFirstSharedInterrupt = 32;

// Whether libfdt can read all of it, from an address that is a multiple of 8. Not of versions before 16:
// their nodes have other names, which libfdt 1.6 is not careful with.
bool is_readable_tree(std::string_view blob);

struct TreeDevice {
  std::string node;                   // "virtio_mmio@1c0d0000"
  std::string compatible;             // the first one; may be empty
  std::uint64_t address = 0;          // the first of `reg`
  std::optional<std::uint32_t> line;  // of its first interrupt, if that is a shared one of a GIC: 32 + N
};

// Those with an address, in order, at most kMostTreeDevices; none of a damaged tree.
inline constexpr std::size_t kMostTreeDevices = 4096;
std::vector<TreeDevice> tree_devices(std::string_view blob);

}  // namespace qvm::config
