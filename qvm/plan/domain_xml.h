// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The libvirt domain of a VM.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "qvm/plan/pci_map.h"
#include "qvm/plan/vm_plan.h"
#include "vdevs/machine.h"
#include "vdevs/plan.h"

namespace qvm::plan {

struct PlacedElement {
  vdevs::DomainElement element;
  PciPlace pci = {};  // meaningful for a PCI function
};

struct DomainInput {
  const VmPlan& plan;  // everything but domain_xml is already in it
  const vdevs::Machine& machine;
  std::vector<PlacedElement> elements;                         // of the vdevs, in configuration order
  std::vector<std::pair<std::string, std::string>> arguments;  // options of QEMU's with their values
  bool shared_memory = false;  // other processes work on the guest's memory, too
};

// Valid against libvirt's domain.rng. All texts must be XML texts (vdevs::is_xml_text).
std::string build_domain_xml(const DomainInput& input);

// A value inside QEMU's comma-separated options: commas doubled.
std::string qemu_option_value(std::string_view text);

}  // namespace qvm::plan
