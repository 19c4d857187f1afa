// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The manifest: which VMs, as whom, with which regions. See docs/manifest.md and schemas/system.schema.json.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/manifest/supervision.h"
#include "config/text/diagnostic.h"
#include "config/text/reader.h"
#include "config/text/source.h"

namespace qvm::config {

enum class Accelerator { automatic, kvm, tcg };

// A numeric id or an account's name; resolved on the host that runs it.
struct Account {
  std::string text;
};

// What may be used of regions; what is absent has the region manager's default.
struct RegionLimits {
  SourceRange where;                                         // of the key; invalid: not given
  std::optional<Located<std::uint64_t>> memory;              // bytes
  std::optional<Located<std::uint32_t>> regions;             // made
  std::optional<Located<std::uint32_t>> clients;             // attachments
  std::optional<Located<std::uint32_t>> clients_per_region;  // attachments to one region; of a VM only
};

// One item of `depends_on`.
struct Dependency {
  Condition condition;
  SourceRange where;         // of the VM's or the region's name
  SourceRange detail_where;  // of the number of clients, or the console's text
};

struct VmEntry {
  Located<std::string> name;    // key in `vms`; must equal the file's `system`, if that is given
  Located<std::string> config;  // path of the qvmconf, relative to the manifest
  std::vector<Located<std::string>> options;  // further words, read after the file as on QNX's command line
  std::optional<Located<Account>> uid;
  std::optional<Located<Account>> gid;
  std::vector<Located<Account>> groups;  // supplementary
  RegionLimits limits;
  std::vector<Dependency> depends_on;
  RestartPolicy restart;
};

enum class HugePages { none, advise, require };

struct RegionEntry {
  Located<std::string> name;                   // host-wide name, after `subst`
  Located<std::uint64_t> size_bytes;           // more than 0; rounded up to pages by the manager
  std::optional<Located<std::uint32_t>> mode;  // default 0666
  std::optional<Located<Account>> owner;       // default: who runs qvm
  std::optional<Located<Account>> group;
  std::optional<Located<HugePages>> huge_pages;  // default none
  std::optional<Located<bool>> lock;             // default false
};

// What stands for a path of the QNX host that a configuration names.
struct HostMapEntry {
  enum class Kind {
    path,
    network,    // of libvirt's
    bridge,     // a device of the host
    tap,        // a device of the host
    user_mode,  // QEMU reaches out as an ordinary program does
  };
  Located<std::string> path;  // of the QNX host, as configurations have it
  Kind kind = Kind::path;
  // A path here, relative to the manifest; "-": the VM's console; or the name of a network or a device.
  Located<std::string> target;
};

// Which CPU of this host stands for one that configurations bind guests to.
struct HostCpuEntry {
  Located<std::uint32_t> written;
  Located<std::uint32_t> here;
};

struct SystemConfig {
  std::string path;       // of the manifest, as given
  std::string directory;  // of the manifest: `config` and relative `load` paths of its VMs start here
  std::vector<VmEntry> vms;
  std::vector<RegionEntry> regions;
  std::vector<HostMapEntry> host_map;
  std::vector<HostCpuEntry> host_cpus;
  RegionLimits limits;  // of the VMs and regions together
  std::optional<Located<Accelerator>> accelerator;
  std::optional<Located<std::string>> libvirt_uri;
};

// Reads a manifest. Reports every problem it finds into sink and returns what could be understood; nullopt
// only if the file could not be read at all (then sink holds the reason). sources keeps the text.
std::optional<SystemConfig> parse_system(std::string_view path, Reader& reader, SourceSet& sources,
                                         DiagnosticSink& sink);

}  // namespace qvm::config
