// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// For vdevs that are functions of the guest's PCI bus.
#pragma once

#include <cstdint>
#include <optional>

#include "vdevs/plan.h"

namespace qvm::vdevs {

// A request for the position that `loc pci:` names, or for any; the identity is the caller's to fill in.
// nullopt after an error in sink: `loc` is no position.
std::optional<PciRequest> request_pci(const PlanInput& input, config::DiagnosticSink& sink);

// The device numbers of a virtio device: of version 1.0, and of one that drivers of 0.9.5 know, too.
struct VirtioNumbers {
  std::uint16_t modern = 0;
  std::uint16_t transitional = 0;  // 0: there is none
};

// Asks for the PCI function of a virtio device. False after an error in sink: a PC has virtio on PCI only.
bool request_virtio(const PlanInput& input, const VirtioNumbers& numbers, VdevPlan& plan,
                    config::DiagnosticSink& sink);

// libvirt's "model" of a virtio device that shows itself as its option `legacy` wants.
const char* virtio_model(const PlanInput& input);

}  // namespace qvm::vdevs
