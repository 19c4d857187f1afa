// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// PCI devices of the host that `pass` gives to a guest, through VFIO.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/model/pci_position.h"
#include "config/model/vm_config.h"
#include "config/text/diagnostic.h"
#include "qvm/plan/pci_map.h"
#include "qvm/plan/vm_plan.h"

namespace qvm::plan {

struct PassedDevice {
  HostPciDevice device;
  std::optional<config::PciPosition> position;  // on the guest's bus, as written; absent: any
  config::SourceRange where;
  std::size_t order = 0;          // as in config::PassedThrough
  std::optional<PciPlace> place;  // there, once it has one

  // "pass 0000:03:00.0"
  std::string owner() const { return "pass " + device.address; }
  // Its <hostdev> in the domain.
  std::string xml() const;
};

// The devices that the VM's `pass loc pci:` name. One that the host has not, or cannot give away, is an error
// in sink that says what is missing and what to do. host: in the order of their
// addresses.
std::vector<PassedDevice> passed_devices(const config::VmConfig& vm, const std::vector<HostPciDevice>& host,
                                         config::DiagnosticSink& sink);

// The header of the device that name means, "VID/DID[/INDEX]" or "BUS:DEV[.FUNC]". The failure says what
// there is on this host.
Result<vdevs::HostPciHeader> read_host_pci(const std::string& name, const HostQueries& queries);

}  // namespace qvm::plan
