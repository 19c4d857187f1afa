// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// CPUs of the QNX host that configurations bind guests to, and which of this host stand for them.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "config/manifest/system_config.h"
#include "config/manifest/yaml.h"
#include "config/model/cpu_options.h"
#include "config/text/diagnostic.h"
#include "config/text/reader.h"

namespace qvm::config {

// What the manifest says stands for a CPU of that number; without a word, or a manifest, the number itself.
std::uint32_t host_cpu_for(const SystemConfig* manifest, std::uint32_t number);

// The CPUs of this host that a guest's CPU may run on: what stands for those written, without those that the
// host does not have, each once. Empty: any.
std::vector<HostCpu> host_cpus_here(const Cpu& cpu, const SystemConfig* manifest, const HostResources& host);
// The only one.
std::optional<HostCpu> pin_here(const Cpu& cpu, const SystemConfig* manifest, const HostResources& host);

// Reads `host-cpus` of a manifest. Problems go to the sink, what is understood to the manifest.
void read_host_cpus(const YamlEntry& entry, SystemConfig& manifest, DiagnosticSink& sink);

}  // namespace qvm::config
