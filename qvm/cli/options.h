// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The command line of qvm as values.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "config/language/qnx_version.h"
#include "config/manifest/system_config.h"

namespace qvm::cli {

// Options that several commands know.
struct CommonOptions {
  std::string runtime_directory;                   // empty: QVM_RUNTIME_DIR or the default
  std::string libvirt_uri;                         // empty: the manifest's, else the embedded driver
  std::optional<config::Accelerator> accelerator;  // absent: the manifest's, else automatic
  std::vector<std::string> plugin_directories;     // option tables of further vdevs
  config::QnxVersion qnx_version = config::kDefaultQnxVersion;  // whose language is meant
};

struct Command;

enum class PlanForm { table, json, xml };

struct Options {
  const Command* command = nullptr;  // never of what was parsed
  CommonOptions common;
  std::vector<std::string> words;  // files, names, or the words of QNX's command line
  std::string file;                // explain: of what is not running; may be empty
  std::string account;             // explain: a host program's user; empty: the caller
  std::uint32_t pages = 1;         // explain
  bool json = false;
  bool detach = false;  // up
  bool follow = false;  // logs
  PlanForm form = PlanForm::table;
  std::uint32_t timeout_ms = 0;  // up, down: how long guests may take to power off by themselves
};

// Parses argv. An absent result means that everything is said and done; exit_status is then the program's.
// `qvm lint`, `qvm fmt` and words of the configuration language are handed on unparsed.
std::optional<Options> parse_options(int argc, const char* const* argv, std::ostream& out, std::ostream& err,
                                     int& exit_status);

}  // namespace qvm::cli
