// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/manifest/host_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "config/manifest/manifest_reader.h"
#include "qvm/base/names.h"

namespace qvm::config {
namespace {

constexpr std::string_view kExampleOfAMap = "host-map: {\"/dev/hd0\": disks/system.img}";
constexpr std::size_t kLongestNetwork = 64;
constexpr std::size_t kLongestDevice = 15;  // of a network, for the kernel

// What a network interface can be connected to.
constexpr Names<HostMapEntry::Kind, 4> kNetworks = {{{HostMapEntry::Kind::network, "network"},
                                                     {HostMapEntry::Kind::bridge, "bridge"},
                                                     {HostMapEntry::Kind::tap, "tap"},
                                                     {HostMapEntry::Kind::user_mode, "user-mode"}}};

// Disks, serial ports, terminals, networks and mounted file systems as QNX names them. Linux has no such
// names, except for some terminals of old, which is why a path that exists is never complained about.
constexpr std::array<std::string_view, 13> kQnxPrefixes = {
    "/dev/hd",  "/dev/vdevpeers/", "/dev/qvm/",  "/dev/ser", "/dev/ttyp", "/dev/ptyp",  "/dev/con",
    "/dev/ufs", "/dev/emmc",       "/dev/umass", "/dev/cd",  "/fs/",      "/proc/boot/"};

bool is_network_name(std::string_view text, std::size_t longest) {
  return !text.empty() && text.size() <= longest && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

class HostMapReader : public ManifestReader {
 public:
  HostMapReader(SystemConfig& manifest, DiagnosticSink& sink) : ManifestReader(sink), x_manifest(manifest) {}

  void read_entry(const YamlEntry& entry) {
    if (entry.key.size() < 2 || entry.key.front() != '/' || entry.key.back() == '/') {
      error(kManifestValue, entry.key_where, fmt::format("'{}' is not a path of a host", entry.key),
            "write it as the configurations do, from the root: \"/dev/hd0\"");
      return;
    }
    HostMapEntry result;
    result.path = {entry.key, entry.key_where};
    const YamlNode& value = entry.value;
    if (value.kind == YamlNode::Kind::scalar && !value.text.empty()) {
      result.target = {value.text, value.where};
    } else if (value.kind != YamlNode::Kind::mapping || value.entries.empty()) {
      error(kManifestValue, entry.key_where,
            fmt::format("'{}' must be a path of this host or a mapping", entry.key),
            "for example 'disks/system.img' or '{user-mode: true}'");
      return;
    } else if (!read_network(entry, result)) {
      return;
    }
    x_manifest.host_map.push_back(std::move(result));
  }

 private:
  bool read_network(const YamlEntry& entry, HostMapEntry& result) {
    if (entry.value.entries.size() > 1) {
      error(kManifestValue, entry.value.entries[1].key_where,
            fmt::format("'{}' cannot be '{}' and '{}' at once", entry.key, entry.value.entries[0].key,
                        entry.value.entries[1].key),
            "leave one of them out");
      return false;
    }
    const YamlEntry& key = entry.value.entries.front();
    const auto kind = value_of(kNetworks, key.key);
    if (!kind) {
      error(kManifestKey, key.key_where, fmt::format("host path '{}' has no '{}'", entry.key, key.key),
            "it can have 'network', 'bridge', 'tap' or 'user-mode', or be a path of this host");
      return false;
    }
    result.kind = *kind;
    result.target = {*kind == HostMapEntry::Kind::user_mode ? key.key : key.value.text, key.value.where};
    return is_target(key, *kind);
  }

  bool is_target(const YamlEntry& key, HostMapEntry::Kind kind) {
    const bool text = key.value.kind == YamlNode::Kind::scalar;
    if (kind == HostMapEntry::Kind::user_mode) {
      if (text && key.value.text == "true") return true;
      error(kManifestValue, key.key_where, "'user-mode' can only be 'true'",
            "write 'user-mode: true', or leave the entry out");
      return false;
    }
    const bool device = kind != HostMapEntry::Kind::network;
    const std::size_t longest = device ? kLongestDevice : kLongestNetwork;
    if (text && is_network_name(key.value.text, longest)) return true;
    error(kManifestValue, key.key_where,
          fmt::format("'{}' must be the name of a network{}", key.key, device ? " device" : ""),
          fmt::format("at most {} letters, digits, '-', '_' and '.', as in '{}: {}'", longest, key.key,
                      kind == HostMapEntry::Kind::network  ? "guests"
                      : kind == HostMapEntry::Kind::bridge ? "br0"
                                                           : "tap0"));
    return false;
  }

  SystemConfig& x_manifest;
};

}  // namespace

HostPath split_host_path(std::string_view value) {
  HostPath result;
  result.prefix = std::min(value.find_first_not_of("<>"), value.size());
  const std::string_view path = value.substr(result.prefix);
  if (path != "-" && !path.starts_with('|')) result.path = path;
  return result;
}

bool is_qnx_host_path(std::string_view path) {
  return std::any_of(kQnxPrefixes.begin(), kQnxPrefixes.end(), [&](std::string_view prefix) {
    if (path.size() <= prefix.size() || !path.starts_with(prefix)) return false;
    // Devices are numbered: /dev/con1 is QNX's, /dev/console is not.
    const char next = path[prefix.size()];
    return prefix.ends_with('/') || (next >= '0' && next <= '9');
  });
}

const HostMapEntry* find_host_map(const SystemConfig& manifest, std::string_view path) {
  const auto found = std::find_if(manifest.host_map.begin(), manifest.host_map.end(),
                                  [&](const HostMapEntry& entry) { return entry.path.value == path; });
  return found == manifest.host_map.end() ? nullptr : &*found;
}

void read_host_map(const YamlEntry& entry, SystemConfig& manifest, DiagnosticSink& sink) {
  HostMapReader reader(manifest, sink);
  if (entry.value.kind != YamlNode::Kind::mapping) {
    reader.error(kManifestValue, entry.key_where,
                 fmt::format("'{}' must be a mapping of paths, not {}", entry.key, entry.value.kind_name()),
                 fmt::format("for example '{}'", kExampleOfAMap));
    return;
  }
  for (const YamlEntry& one : entry.value.entries) reader.read_entry(one);
}

}  // namespace qvm::config
