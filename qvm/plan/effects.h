// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Tells what of a configuration is understood but has no effect here, or another one than on QNX.
#pragma once

#include <string>
#include <vector>

#include "config/diagnostic.h"
#include "config/vm_config.h"

namespace qvm::plan {

// One info per option and variable whose table says "none" or "approximated". explained: per vdev, in order,
// the options that its plan has taken care of.
void report_effects(const config::VmConfig& vm, const std::vector<std::vector<std::string>>& explained,
                    config::DiagnosticSink& sink);

}  // namespace qvm::plan
