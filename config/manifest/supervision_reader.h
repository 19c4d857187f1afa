// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// `depends_on` and `restart` of a manifest's VM. Inside config/ only.
#pragma once

#include "config/manifest/system_config.h"
#include "config/manifest/yaml.h"
#include "config/text/diagnostic.h"

namespace qvm::config {

// Problems go to the sink, what is understood to the VM.
void read_depends_on(const YamlEntry& entry, VmEntry& vm, DiagnosticSink& sink);
void read_restart(const YamlEntry& entry, VmEntry& vm, DiagnosticSink& sink);

}  // namespace qvm::config
