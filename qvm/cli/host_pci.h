// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The PCI devices of this host, as sysfs shows them.
#pragma once

#include <string>
#include <vector>

#include "qvm/plan/vm_plan.h"

namespace qvm::cli {

// In the order of their addresses; none if there is no such directory.
std::vector<plan::HostPciDevice> read_pci_devices(const std::string& directory = "/sys/bus/pci/devices");

}  // namespace qvm::cli
