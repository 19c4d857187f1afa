// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <utility>

#include "config/load.h"
#include "config/load_into.h"
#include "config/manifest/manifest_names.h"

namespace qvm::config {

LoadedSystem load_manifest(const std::string& path, const TableSet& tables, Reader& reader) {
  LoadedSystem result;
  result.manifest = parse_system(path, reader, result.sources, result.diagnostics);
  if (!result.manifest) {
    result.unreadable = true;
    return result;
  }
  std::vector<VmInput> inputs;
  for (const VmEntry& entry : result.manifest->vms) {
    VmInput input;
    input.fallback_name = entry.name.value;
    input.directory = result.manifest->directory;
    input.words.push_back("@" + entry.config.value);
    input.places.push_back(entry.config.where);
    for (const Located<std::string>& word : entry.options) {
      input.words.push_back(word.value);
      input.places.push_back(word.where);
    }
    inputs.push_back(std::move(input));
  }
  load_into(result, inputs, tables, reader);
  check_manifest_names(*result.manifest, result.vms, result.diagnostics);
  result.diagnostics.sort();
  return result;
}

}  // namespace qvm::config
