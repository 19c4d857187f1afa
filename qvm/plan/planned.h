// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The vdevs of a VM while its plan is made, and what the whole of them comes to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/text/diagnostic.h"
#include "qvm/plan/device_tree.h"
#include "qvm/plan/pci_map.h"
#include "qvm/plan/ram_layout.h"
#include "vdevs/plan.h"
#include "vdevs/vmhost/config.h"

namespace qvm::plan {

// A vdev with what its plan asked for.
struct Planned {
  const config::Vdev* vdev = nullptr;
  std::string id;
  vdevs::VdevPlan plan;
  std::optional<vmhost::AddressRange> window;
  std::optional<PciPlace> pci;

  std::string owner() const { return "vdev " + id; }
};

// An interrupt controller is called by its name, or by its type if it has none.
inline const std::string& controller_name(const Planned& planned) {
  return planned.vdev->name ? planned.vdev->name->value : planned.vdev->type;
}

// nullptr: there is none of that name.
const Planned* find_controller(const std::vector<Planned>& vdevs, const std::string& name);

// Everything but the command line and the ramdisk.
Board describe_board(const std::vector<Planned>& vdevs, const RamLayout& ram, const VmPlan& plan);

// Who the VM is for the region manager, and what its vdevs may do there.
regions::VmPolicy policy_of(const std::vector<Planned>& vdevs, const VmPlan& plan);

// What vmhost.json says of those that a plugin emulates, and of those that are moved.
std::vector<vmhost::VdevConfig> hosted_vdevs(const std::vector<Planned>& vdevs, const VmPlan& plan,
                                             const config::SourceSet& sources);
std::vector<vmhost::PlacedPart> placed_parts(const std::vector<Planned>& vdevs,
                                             const config::SourceSet& sources);

}  // namespace qvm::plan
