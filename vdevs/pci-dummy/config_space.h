// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What the configuration space of a `vdev pci-dummy` contains.
#pragma once

#include <string>

#include "vdevs/plan.h"

namespace qvm::vdevs {

inline constexpr std::size_t kPciConfigBytes = 256;  // of a function on a conventional bus

// The space that `clone` and `reg` describe, applied in the order written. What cannot be is an error in
// sink; the result is then unused. A register at which a guest expects something that this function has not
// (memory, ports, an interrupt) is a warning.
std::string dummy_config_space(const PlanInput& input, config::DiagnosticSink& sink);

}  // namespace qvm::vdevs
