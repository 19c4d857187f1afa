// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Paths of the QNX host that a configuration was written for, and what stands for them here.
#pragma once

#include <cstddef>
#include <string_view>

#include "config/manifest/system_config.h"
#include "config/manifest/yaml.h"
#include "config/text/diagnostic.h"

namespace qvm::config {

// A value of an option such as hostdev, taken apart.
struct HostPath {
  std::size_t prefix = 0;  // bytes of '<' or '>' before the path
  std::string_view path;   // lives as long as the value; empty: "-" and "|COMMAND" are no paths
};
HostPath split_host_path(std::string_view value);

// Whether only a QNX host has paths like this: "/dev/hd0t131", "/dev/vdevpeers/vp0".
bool is_qnx_host_path(std::string_view path);

// The manifest's entry for exactly this path; nullptr: none.
const HostMapEntry* find_host_map(const SystemConfig& manifest, std::string_view path);

// Reads `host-map` of a manifest. Problems go to the sink, what is understood to the manifest.
void read_host_map(const YamlEntry& entry, SystemConfig& manifest, DiagnosticSink& sink);

}  // namespace qvm::config
