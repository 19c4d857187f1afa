// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The ACPI table that announces our devices and reserves their memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vdevs/plan.h"

namespace qvm::plan {

struct Window {
  std::uint64_t start = 0;
  std::uint64_t length = 0;
};

// An SSDT with a PRP0001 device per node, which a Linux guest binds to the driver of that "compatible"
// string, and one PNP0C02 device that keeps PCI BARs out of the windows. Empty if there is neither a node nor
// a window.
std::string build_acpi_table(const std::vector<vdevs::DeviceNode>& nodes, const std::vector<Window>& windows);

}  // namespace qvm::plan
