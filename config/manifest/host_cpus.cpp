// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/manifest/host_cpus.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "config/manifest/manifest_reader.h"

namespace qvm::config {
namespace {

constexpr std::string_view kExampleOfCpus = "host-cpus: {4: 0, 5: 1}";
constexpr std::uint32_t kMostCpus = 4096;

std::optional<std::uint32_t> cpu_number(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size() || number >= kMostCpus) return std::nullopt;
  return number;
}

}  // namespace

std::uint32_t host_cpu_for(const SystemConfig* manifest, std::uint32_t number) {
  if (manifest == nullptr) return number;
  const auto& all = manifest->host_cpus;
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const HostCpuEntry& one) { return one.written.value == number; });
  return found == all.end() ? number : found->here.value;
}

std::vector<HostCpu> host_cpus_here(const Cpu& cpu, const SystemConfig* manifest, const HostResources& host) {
  std::vector<HostCpu> here;
  for (HostCpu one : host_cpus_of(cpu)) {
    one.number = host_cpu_for(manifest, one.number);
    const bool known = std::any_of(here.begin(), here.end(),
                                   [&](const HostCpu& other) { return other.number == one.number; });
    if (!known && host.has_cpu(one.number)) here.push_back(one);
  }
  return here;
}

std::optional<HostCpu> pin_here(const Cpu& cpu, const SystemConfig* manifest, const HostResources& host) {
  const std::vector<HostCpu> here = host_cpus_here(cpu, manifest, host);
  return here.size() == 1 ? std::optional(here.front()) : std::nullopt;
}

void read_host_cpus(const YamlEntry& entry, SystemConfig& manifest, DiagnosticSink& sink) {
  const ManifestReader reader(sink);
  if (!reader.expect(entry, YamlNode::Kind::mapping, "a mapping of CPUs", kExampleOfCpus)) return;
  for (const YamlEntry& one : entry.value.entries) {
    const auto written = cpu_number(one.key);
    const bool scalar = one.value.kind == YamlNode::Kind::scalar && !one.value.quoted;
    const auto here = scalar ? cpu_number(one.value.text) : std::nullopt;
    const auto& known = manifest.host_cpus;
    if (written && std::any_of(known.begin(), known.end(),
                               [&](const HostCpuEntry& other) { return other.written.value == *written; })) {
      reader.error(kManifestValue, one.key_where, fmt::format("CPU {} is there already", *written),
                   "leave one out");
    } else if (written && here) {
      manifest.host_cpus.push_back({{*written, one.key_where}, {*here, one.value.where}});
    } else if (!written) {
      reader.error(kManifestValue, one.key_where, fmt::format("'{}' is not the number of a CPU", one.key),
                   fmt::format("for example '{}'", kExampleOfCpus));
    } else {
      reader.error(kManifestValue, one.value.where.valid() ? one.value.where : one.key_where,
                   fmt::format("CPU {} of the configurations must be the number of a CPU here", *written),
                   fmt::format("for example '{}'", kExampleOfCpus));
    }
  }
}

}  // namespace qvm::config
