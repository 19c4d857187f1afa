// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/manifest/manifest_names.h"

#include <fmt/format.h>

#include <algorithm>

namespace qvm::config {

void check_manifest_names(const SystemConfig& manifest, const std::vector<VmConfig>& vms,
                          DiagnosticSink& sink) {
  const std::size_t count = std::min(manifest.vms.size(), vms.size());
  for (std::size_t i = 0; i < count; ++i) {
    const auto& name = manifest.vms[i].name;
    const auto& system = vms[i].system;
    if (!system || system->value == name.value) continue;
    Diagnostic finding;
    finding.rule = "manifest-name";
    finding.where = name.where;
    finding.message = fmt::format("VM '{}' is called '{}' by its configuration", name.value, system->value);
    finding.notes.push_back({system->where, "here"});
    finding.help = "use the same name, or leave 'system' out of the configuration";
    sink.add(std::move(finding));
  }
}

}  // namespace qvm::config
