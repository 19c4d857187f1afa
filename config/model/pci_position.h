// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Where a PCI function is on its guest's buses.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace qvm::config {

inline constexpr std::uint64_t kPciDevices = 32;   // of a bus
inline constexpr std::uint64_t kPciFunctions = 8;  // of a device

struct PciPosition {
  std::uint64_t bus = 0;
  std::uint64_t device = 0;
  std::uint64_t function = 0;
  auto operator<=>(const PciPosition&) const = default;
};

// "BUS:DEV[.FUNC]"; nullopt for VID/DID and what is no position. Numbers are taken as hexadecimal or decimal
// as their prefixes say; both readings of one without are the same up to 9.
std::optional<PciPosition> parse_pci_position(std::string_view text);

}  // namespace qvm::config
