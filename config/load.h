// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// From files and words to checked models: the one entry for qvm, qvm-lint and the tests.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/language/option_table.h"
#include "config/manifest/system_config.h"
#include "config/model/vm_config.h"
#include "config/text/diagnostic.h"
#include "config/text/reader.h"
#include "config/text/source.h"

namespace qvm::config {

// One VM to read: words as on QNX's command line, each "@file" replaced by the words of that file.
// {"@left.qvmconf"}, {"@guest.qvmconf", "set", "exit-on-halt", "off"}.
struct VmInput {
  std::vector<std::string> words;
  // Name for a VM whose files have no `system`: the first file's stem; set by the manifest.
  std::string fallback_name;
  // Prefix for relative paths (@file, load): the manifest's directory, "" for the caller's.
  std::string directory;
  // Where the words stand, if that is in a source of the set (a manifest); else empty.
  std::vector<SourceRange> places;
};

// A set of VMs that will run together, with all that was found about it.
struct LoadedSystem {
  SourceSet sources;
  DiagnosticSink diagnostics;
  std::optional<SystemConfig> manifest;
  std::vector<VmConfig> vms;       // in order; a VM with errors is here as far as it was understood
  std::vector<std::string> names;  // per VM: `system`, else the fallback
  bool unreadable = false;         // a file named by the user could not be read: qvm-lint exits with 3
};

// Parses, builds the models and runs every lint rule over the whole set. Never throws; tables outlives the
// result.
LoadedSystem load_vms(const std::vector<VmInput>& inputs, const TableSet& tables, Reader& reader);
LoadedSystem load_manifest(const std::string& path, const TableSet& tables, Reader& reader);

}  // namespace qvm::config
