// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// For vdevs that are functions of the guest's PCI bus.
#pragma once

#include <optional>

#include "vdevs/plan.h"

namespace qvm::vdevs {

// A request for the position that `loc pci:` names, or for any; the identity is the caller's to fill in.
// nullopt after an error in sink: `loc` is no position.
std::optional<PciRequest> request_pci(const PlanInput& input, config::DiagnosticSink& sink);

}  // namespace qvm::vdevs
