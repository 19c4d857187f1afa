// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// A range of guest-physical addresses.
#pragma once

#include <cstdint>

namespace qvm::vmhost {

struct AddressRange {
  std::uint64_t address = 0;
  std::uint64_t length = 0;
  bool operator==(const AddressRange&) const = default;
};

}  // namespace qvm::vmhost
