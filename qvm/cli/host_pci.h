// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The PCI devices of this host, as sysfs shows them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "qvm/plan/vm_plan.h"

namespace qvm::cli {

// In the order of their addresses; none if there is no such directory.
std::vector<plan::HostPciDevice> read_pci_devices(const std::string& directory = "/sys/bus/pci/devices");

// The header of one of them, vdevs::kPciHeaderBytes long, which every user may read; nullopt if it cannot be
// read.
std::optional<std::string> read_pci_header(const std::string& address,
                                           const std::string& directory = "/sys/bus/pci/devices");

}  // namespace qvm::cli
