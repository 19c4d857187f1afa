// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What the words of a command line ask to be checked.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"
#include "config/text/reader.h"

namespace qvm::lint {

// VMs that are checked together.
struct InputSet {
  std::string manifest;  // else empty, and inputs say which VMs
  std::vector<config::VmInput> vms;

  config::LoadedSystem load(const config::TableSet& tables, config::Reader& reader) const;
};

enum class Grouping {
  together,  // the files named are VMs of one set
  separate   // every file is a set of its own
};

struct Inputs {
  std::vector<InputSet> sets;         // in the order of the words; the files named together come first
  std::vector<std::string> failures;  // what could not be looked through, as sentences
};

// The word that means standard input.
inline constexpr std::string_view kStandardInput = "-";

// A word that starts with '@' at the beginning makes all words those of one VM. Otherwise every word is a
// file; a manifest is a set of its own, and so is every *.qvmconf below a directory, in the order of names.
// "-" is the file called stdin_name.
Inputs find_inputs(const std::vector<std::string>& words, Grouping grouping, const std::string& stdin_name);

bool is_manifest(std::string_view path);

// Every *.qvmconf below a directory, sorted by path. Hidden directories and symbolic links to directories are
// not entered. A directory that cannot be read, or in which there is none, adds a sentence to failures.
std::vector<std::string> configurations_below(const std::string& directory,
                                              std::vector<std::string>& failures);

}  // namespace qvm::lint
