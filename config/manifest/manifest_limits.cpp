// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/manifest/manifest_limits.h"

#include <vector>

#include "config/manifest/manifest_reader.h"
#include "config/manifest/system_values.h"

namespace qvm::config {
namespace {

constexpr std::string_view kLimitsExample = "limits: {memory: 64MiB, regions: 8, clients: 16}";
// The region manager has no room for more.
constexpr std::uint32_t kMostRegions = 4096;
constexpr std::uint32_t kMostClients = 65536;
constexpr std::uint32_t kMostClientsPerRegion = 16;

}  // namespace

void read_limits(const YamlEntry& entry, LimitsOf kind, RegionLimits& limits, DiagnosticSink& sink) {
  const ManifestReader reader(sink);
  const auto count = [&](std::string_view name, std::uint32_t most,
                         std::optional<Located<std::uint32_t>>& limit) {
    return ManifestReader::Key{name, [&reader, most, &limit](const YamlEntry& key) {
                                 limit = reader.value<std::uint32_t>(
                                     key, "a number", kLimitsExample, [most](const YamlNode& node) {
                                       return parse_manifest_count(node.text, most);
                                     });
                               }};
  };
  if (!reader.expect(entry, YamlNode::Kind::mapping, "a mapping", kLimitsExample)) return;
  limits.where = entry.key_where;
  std::vector<ManifestReader::Key> keys = {
      {"memory",
       [&](const YamlEntry& key) {
         limits.memory = reader.value<std::uint64_t>(key, "a size", kLimitsExample, [](const YamlNode& node) {
           return parse_manifest_size(node.text);
         });
       }},
      count("regions", kMostRegions, limits.regions),
      count("clients", kMostClients, limits.clients),
  };
  if (kind == LimitsOf::vm)
    keys.push_back(count("clients-per-region", kMostClientsPerRegion, limits.clients_per_region));
  reader.read_keys(entry.value, "'limits'", keys);
}

}  // namespace qvm::config
