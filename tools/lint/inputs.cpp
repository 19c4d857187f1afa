// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tools/lint/inputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace qvm::lint {
namespace {

namespace fs = std::filesystem;

config::VmInput file_input(const std::string& path) {
  config::VmInput input;
  input.words = {"@" + path};
  return input;
}

}  // namespace

bool is_manifest(std::string_view path) {
  return path.ends_with(".yaml") || path.ends_with(".yml");
}

config::LoadedSystem InputSet::load(const config::TableSet& tables, config::Reader& reader) const {
  return manifest.empty() ? config::load_vms(vms, tables, reader)
                          : config::load_manifest(manifest, tables, reader);
}

std::vector<std::string> configurations_below(const std::string& directory,
                                              std::vector<std::string>& failures) {
  std::vector<std::string> found;
  std::error_code error;
  for (auto entry = fs::recursive_directory_iterator(directory, error);
       !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_directory(ignored) && entry->path().filename().string().starts_with('.')) {
      entry.disable_recursion_pending();
    } else if (entry->path().extension() == ".qvmconf" && !entry->is_directory(ignored)) {
      found.push_back(entry->path().string());
    }
  }
  if (error) {
    failures.push_back(fmt::format("cannot read the directory '{}': {}", directory, error.message()));
  } else if (found.empty()) {
    failures.push_back(fmt::format("no *.qvmconf in the directory '{}'", directory));
  }
  std::sort(found.begin(), found.end());
  return found;
}

Inputs find_inputs(const std::vector<std::string>& words, Grouping grouping, const std::string& stdin_name) {
  Inputs inputs;
  InputSet together;
  if (words.front().starts_with('@')) {
    together.vms.emplace_back().words = words;
    inputs.sets.push_back(std::move(together));
    return inputs;
  }
  for (const std::string& written : words) {
    const bool standard_input = written == kStandardInput;
    const std::string& word = standard_input ? stdin_name : written;
    std::error_code ignored;
    if (!standard_input && fs::is_directory(word, ignored)) {
      for (const std::string& file : configurations_below(word, inputs.failures))
        inputs.sets.push_back({{}, {file_input(file)}});
    } else if (is_manifest(word)) {
      inputs.sets.push_back({word, {}});
    } else if (grouping == Grouping::separate) {
      inputs.sets.push_back({{}, {file_input(word)}});
    } else {
      together.vms.push_back(file_input(word));
    }
  }
  if (!together.vms.empty()) inputs.sets.insert(inputs.sets.begin(), std::move(together));
  return inputs;
}

}  // namespace qvm::lint
