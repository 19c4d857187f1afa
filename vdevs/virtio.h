// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What all devices of the virtio family have in common: a function of the PCI bus, or registers at `loc` with
// the interrupt `intr`, where the machine can put them anywhere.
#pragma once

#include <cstdint>
#include <pugixml.hpp>
#include <string>

#include "vdevs/plan.h"

namespace qvm::vdevs {

// The PCI device numbers of a virtio device: of version 1.0, and of one that drivers of 0.9.5 know, too.
struct VirtioNumbers {
  std::uint16_t modern = 0;
  std::uint16_t transitional = 0;  // 0: there is none
};

// Asks for the device's place. False after an error in sink: the machine has none of that kind.
bool request_virtio(const PlanInput& input, const VirtioNumbers& numbers, VdevPlan& plan,
                    config::DiagnosticSink& sink);

// libvirt's "model" of a virtio device that shows itself as its option `legacy` wants, at its kind of place.
const char* virtio_model(const PlanInput& input);

// The document's element, which is the device itself, as part of the domain, at the device's place.
DomainElement virtio_element(const PlanInput& input, pugi::xml_document& document);

// The same as words of QEMU's command line, for what libvirt has no element for. stem: "virtio-net".
QemuArgument virtio_argument(const PlanInput& input, const std::string& stem, const std::string& properties);

}  // namespace qvm::vdevs
