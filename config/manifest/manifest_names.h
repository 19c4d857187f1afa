// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// A VM has one name. Inside config/ only.
#pragma once

#include <vector>

#include "config/manifest/system_config.h"
#include "config/model/vm_config.h"
#include "config/text/diagnostic.h"

namespace qvm::config {

// An error for each VM whose `system` is not its key in the manifest, telling both places. vms: in the
// manifest's order.
void check_manifest_names(const SystemConfig& manifest, const std::vector<VmConfig>& vms,
                          DiagnosticSink& sink);

}  // namespace qvm::config
