// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// `limits` of a manifest: of the whole system and of one VM. Inside config/ only.
#pragma once

#include <string>

#include "config/diagnostic.h"
#include "config/system_config.h"
#include "config/yaml.h"

namespace qvm::config {

enum class LimitsOf { system, vm };

// Problems go to the sink, what is understood to limits. owner: "VM 'left'" or "the system", for messages.
void read_limits(const YamlEntry& entry, LimitsOf kind, const std::string& owner, RegionLimits& limits,
                 DiagnosticSink& sink);

}  // namespace qvm::config
