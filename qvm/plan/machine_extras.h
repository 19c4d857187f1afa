// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What vmhost adds to a machine besides vdevs, as the plan of a VM collects it.
#pragma once

#include <vector>

#include "config/text/source.h"
#include "qvm/plan/acpi.h"
#include "qvm/plan/address_map.h"
#include "qvm/plan/planned.h"
#include "vdevs/vmhost/machine_extras.h"

namespace qvm::plan {

// What a vdev's plan asks for.
void add_extras(const Planned& planned, const config::SourceSet& sources, vmhost::MachineExtras& extras);
// RAM is memory that the guest can change; everything else is not.
void add_memory(const std::vector<OwnedRange>& ranges, const config::SourceSet& sources,
                vmhost::MachineExtras& extras);
// What of it is in the place of PCI devices' memory: ACPI keeps the guest from putting any there.
std::vector<Window> windows_of(const vmhost::MachineExtras& extras);

}  // namespace qvm::plan
