// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/manifest/system_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/manifest/host_cpus.h"
#include "config/manifest/host_map.h"
#include "config/manifest/manifest_limits.h"
#include "config/manifest/manifest_reader.h"
#include "config/manifest/supervision_reader.h"
#include "config/manifest/system_values.h"
#include "config/manifest/yaml.h"

namespace qvm::config {
namespace {

constexpr const char* kFileRule = "manifest-file";
// The kernel takes more; a VM that needs them is a mistake.
constexpr std::size_t kMostGroups = 64;

class SystemReader : private ManifestReader {
 public:
  SystemReader(SystemConfig& config, DiagnosticSink& sink) : ManifestReader(sink), x_config(config) {}

  void read(const YamlNode& root);

 private:
  void read_vm(const YamlEntry& entry);
  void read_options(const YamlEntry& entry, VmEntry& vm);
  void read_option_words(const YamlEntry& entry, VmEntry& vm);
  void read_groups(const YamlEntry& entry, VmEntry& vm);
  void read_region(const YamlEntry& entry);
  void read_defaults(const YamlEntry& entry);

  SystemConfig& x_config;
};

Value<Account> account_of(const YamlNode& node) {
  return parse_account(node.text);
}

// The words of "set exit-on-halt off", each with its place if the text stands in the manifest as it is.
void SystemReader::read_option_words(const YamlEntry& entry, VmEntry& vm) {
  const YamlNode& node = entry.value;
  if (node.text.find_first_of("\"'") != std::string::npos) {
    error(kManifestValue, node.where, "a text of options cannot have quotes in it",
          "write a list of words instead: 'options: [cmdline, \"a b\"]'");
    return;
  }
  constexpr std::string_view kBlanks = " \t\r\n";
  std::size_t at = 0;
  while ((at = node.text.find_first_not_of(kBlanks, at)) != std::string::npos) {
    const std::size_t end = std::min(node.text.find_first_of(kBlanks, at), node.text.size());
    SourceRange where = node.where;
    if (node.verbatim) {
      where.end = where.begin + static_cast<std::uint32_t>(end);
      where.begin += static_cast<std::uint32_t>(at);
    }
    vm.options.push_back({node.text.substr(at, end - at), where});
    at = end;
  }
}

void SystemReader::read_options(const YamlEntry& entry, VmEntry& vm) {
  constexpr std::string_view kExample = "options: set exit-on-halt off";
  if (entry.value.kind == YamlNode::Kind::scalar) return read_option_words(entry, vm);
  if (!expect(entry, YamlNode::Kind::sequence, "text or a list of words", kExample)) return;
  for (const YamlNode& item : entry.value.items) {
    if (!expect(item, item.where, "options", YamlNode::Kind::scalar, "a list of words", kExample)) continue;
    vm.options.push_back({item.text, item.where});
  }
}

void SystemReader::read_groups(const YamlEntry& entry, VmEntry& vm) {
  constexpr std::string_view kExample = "groups: [video, 1005]";
  if (!expect(entry, YamlNode::Kind::sequence, "a list of groups", kExample)) return;
  for (const YamlNode& item : entry.value.items) {
    if (!expect(item, item.where, "groups", YamlNode::Kind::scalar, "a list of groups", kExample)) continue;
    auto account = account_of(item);
    if (!account) {
      report(item, account.error());
      continue;
    }
    const auto before = std::find_if(vm.groups.begin(), vm.groups.end(),
                                     [&](const auto& group) { return group.value.text == account->text; });
    if (before != vm.groups.end()) {
      Diagnostic finding;
      finding.rule = kManifestDuplicate;
      finding.where = item.where;
      finding.message = fmt::format("group '{}' is given twice", account->text);
      finding.notes.push_back({before->where, "the first one is here"});
      sink().add(std::move(finding));
      continue;
    }
    vm.groups.push_back({std::move(*account), item.where});
  }
  if (vm.groups.size() > kMostGroups) {
    error(kManifestValue, entry.key_where,
          fmt::format("{} groups; a VM has at most {}", vm.groups.size(), kMostGroups), "");
  }
}

void SystemReader::read_vm(const YamlEntry& entry) {
  const auto name = parse_vm_name(entry.key);
  if (!name) error(kManifestValue, entry.key_where, name.error().message, name.error().help);
  VmEntry vm;
  vm.name = {entry.key, entry.key_where};
  const std::size_t errors = sink().count(Severity::error);
  if (!expect(entry, YamlNode::Kind::mapping, "a mapping",
              entry.key + ": {config: " + entry.key + ".qvmconf}"))
    return;
  const std::vector<Key> keys = {
      {"config",
       [&](const YamlEntry& key) {
         const auto path =
             value<std::string>(key, "a path", "config: left.qvmconf",
                                [](const YamlNode& node) -> Value<std::string> { return node.text; });
         if (path) vm.config = *path;
       }},
      {"options", [&](const YamlEntry& key) { read_options(key, vm); }},
      {"uid",
       [&](const YamlEntry& key) { vm.uid = value<Account>(key, "an account", "uid: 70001", account_of); }},
      {"gid",
       [&](const YamlEntry& key) { vm.gid = value<Account>(key, "a group", "gid: 70001", account_of); }},
      {"groups", [&](const YamlEntry& key) { read_groups(key, vm); }},
      {"limits", [&](const YamlEntry& key) { read_limits(key, LimitsOf::vm, vm.limits, sink()); }},
      {"depends_on", [&](const YamlEntry& key) { read_depends_on(key, vm, sink()); }},
      {"restart", [&](const YamlEntry& key) { read_restart(key, vm, sink()); }},
  };
  read_keys(entry.value, fmt::format("VM '{}'", entry.key), keys);
  if (vm.config.value.empty()) {
    if (sink().count(Severity::error) == errors) {
      error(kManifestMissing, entry.key_where, fmt::format("VM '{}' has no 'config'", entry.key),
            fmt::format("add 'config: {}.qvmconf'", entry.key));
    }
    return;
  }
  x_config.vms.push_back(std::move(vm));
}

void SystemReader::read_region(const YamlEntry& entry) {
  const auto name = parse_region_name(entry.key);
  if (!name) error(kManifestValue, entry.key_where, name.error().message, name.error().help);
  if (!expect(entry, YamlNode::Kind::mapping, "a mapping", entry.key + ": {size: 64KiB}")) return;
  RegionEntry region;
  region.name = {entry.key, entry.key_where};
  bool has_size = false;
  const std::vector<Key> keys = {
      {"size",
       [&](const YamlEntry& key) {
         has_size = true;
         const auto size = value<std::uint64_t>(key, "a size", "size: 64KiB", [](const YamlNode& node) {
           return parse_manifest_size(node.text);
         });
         if (size) region.size_bytes = *size;
       }},
      {"mode",
       [&](const YamlEntry& key) {
         region.mode = value<std::uint32_t>(key, "a mode", "mode: \"0660\"", [](const YamlNode& node) {
           return parse_manifest_mode(node.text, node.quoted ? Quoting::quoted : Quoting::plain);
         });
       }},
      {"owner",
       [&](const YamlEntry& key) {
         region.owner = value<Account>(key, "an account", "owner: root", account_of);
       }},
      {"group",
       [&](const YamlEntry& key) {
         region.group = value<Account>(key, "a group", "group: video", account_of);
       }},
      {"huge-pages",
       [&](const YamlEntry& key) {
         region.huge_pages = value<HugePages>(key, "a word", "huge-pages: advise", [](const YamlNode& node) {
           return parse_huge_pages(node.text);
         });
       }},
      {"lock",
       [&](const YamlEntry& key) {
         region.lock = value<bool>(key, "true or false", "lock: true",
                                   [](const YamlNode& node) { return parse_truth(node.text); });
       }},
  };
  read_keys(entry.value, fmt::format("region '{}'", entry.key), keys);
  if (!has_size) {
    error(kManifestMissing, entry.key_where, fmt::format("region '{}' has no 'size'", entry.key),
          "add 'size: 64KiB'");
  }
  if (region.size_bytes.value != 0) x_config.regions.push_back(std::move(region));
}

void SystemReader::read_defaults(const YamlEntry& entry) {
  if (!expect(entry, YamlNode::Kind::mapping, "a mapping", "defaults: {accelerator: auto}")) return;
  const std::vector<Key> keys = {
      {"accelerator",
       [&](const YamlEntry& key) {
         x_config.accelerator =
             value<Accelerator>(key, "an accelerator", "accelerator: auto",
                                [](const YamlNode& node) { return parse_accelerator(node.text); });
       }},
      {"libvirt-uri",
       [&](const YamlEntry& key) {
         x_config.libvirt_uri =
             value<std::string>(key, "a URI", "libvirt-uri: qemu:///system",
                                [](const YamlNode& node) { return parse_libvirt_uri(node.text); });
       }},
  };
  read_keys(entry.value, "'defaults'", keys);
}

void SystemReader::read(const YamlNode& root) {
  constexpr std::string_view kExample = "vms: {left: {config: left.qvmconf}}";
  bool has_vms = false;
  bool has_regions = false;
  SourceRange no_vm;  // where none is listed
  const std::vector<Key> keys = {
      {"vms",
       [&](const YamlEntry& key) {
         has_vms = true;
         if (!expect(key, YamlNode::Kind::mapping, "a mapping of names", kExample)) return;
         no_vm = key.value.entries.empty() ? key.key_where : SourceRange();
         for (const YamlEntry& vm : key.value.entries) read_vm(vm);
       }},
      {"regions",
       [&](const YamlEntry& key) {
         if (!expect(key, YamlNode::Kind::mapping, "a mapping of names", "regions: {moo: {size: 64KiB}}"))
           return;
         has_regions = !key.value.entries.empty();
         for (const YamlEntry& region : key.value.entries) read_region(region);
       }},
      {"limits", [&](const YamlEntry& key) { read_limits(key, LimitsOf::system, x_config.limits, sink()); }},
      {"host-map", [&](const YamlEntry& key) { read_host_map(key, x_config, sink()); }},
      {"host-cpus", [&](const YamlEntry& key) { read_host_cpus(key, x_config, sink()); }},
      {"defaults", [&](const YamlEntry& key) { read_defaults(key); }},
  };
  if (root.kind != YamlNode::Kind::mapping) {
    const bool nothing = root.kind == YamlNode::Kind::null;
    error(kManifestMissing, root.where,
          nothing ? "the manifest is empty"
                  : fmt::format("a manifest must be a mapping, not {}", root.kind_name()),
          fmt::format("for example '{}'", kExample));
    return;
  }
  read_keys(root, "a manifest", keys);
  // Regions may be there for host programs alone.
  if (has_regions || (has_vms && !no_vm.valid())) return;
  error(kManifestMissing, has_vms ? no_vm : SourceRange{root.where.source, 0, 0},
        has_vms ? "the system has no VM, and no region" : "the system has no 'vms', and no 'regions'",
        fmt::format("for example '{}'", kExample));
}

std::string directory_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return "";
  return std::string(path.substr(0, slash == 0 ? 1 : slash));
}

}  // namespace

std::optional<SystemConfig> parse_system(std::string_view path, Reader& reader, SourceSet& sources,
                                         DiagnosticSink& sink) {
  auto text = reader.read(path, kYamlMaxBytes);
  if (!text) {
    Diagnostic finding;
    finding.rule = kFileRule;
    finding.message = text.error().message();
    sink.add(std::move(finding));
    return std::nullopt;
  }
  const SourceId source = sources.add(std::string(path), std::move(*text));
  SystemConfig config;
  config.path = path;
  config.directory = directory_of(path);
  auto root = parse_yaml(source, sources, sink);
  if (!root) return config;
  if (!root->where.valid()) root->where = {source, 0, 0};  // there was no event at all
  SystemReader(config, sink).read(*root);
  return config;
}

}  // namespace qvm::config
