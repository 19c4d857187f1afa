// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What a PCI function of ours is.
#pragma once

#include <cstdint>
#include <string>

namespace qvm::vmhost {

inline constexpr std::size_t kPciConfigBytes = 256;

// What its guest finds it by, and bytes of its BAR 0.
struct PciConfig {
  std::uint16_t vendor = 0;
  std::uint16_t device = 0;
  std::uint16_t class_code = 0;  // class and subclass
  std::uint32_t length = 0;      // a power of two, 4096 or more; 0: it has neither a BAR nor an interrupt
  // Then all that it has: kPciConfigBytes that its guest reads and cannot change; the numbers are in it, too.
  std::string fixed_space = {};

  bool operator==(const PciConfig&) const = default;
};

}  // namespace qvm::vmhost
