// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// `limits` of a manifest: of the whole system and of one VM. Inside config/ only.
#pragma once

#include "config/manifest/system_config.h"
#include "config/manifest/yaml.h"
#include "config/text/diagnostic.h"

namespace qvm::config {

enum class LimitsOf { system, vm };

// Problems go to the sink, what is understood to limits.
void read_limits(const YamlEntry& entry, LimitsOf kind, RegionLimits& limits, DiagnosticSink& sink);

}  // namespace qvm::config
