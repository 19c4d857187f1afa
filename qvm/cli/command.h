// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What a command of qvm is. Each is a constant beside what it does, and is known by being there.
#pragma once

#include <string_view>
#include <vector>

#include "qvm/base/registered.h"
#include "qvm/cli/options.h"
#include "qvm/daemon/control/runtime_directory.h"

namespace CLI {
class App;
}

namespace qvm::cli {

struct Command {
  // "ps"; "regions explain" is a command of the command "regions". Empty: words of QNX's command line, a VM
  // in the foreground.
  std::string_view name;
  const char* help = "";      // one line for the list of commands
  const char* examples = "";  // what --help of the command ends with, indented by two
  // Has app put the command's words and options into `options`, which outlives it. nullptr: they are handed
  // on unread, to what exists outside of qvm as well and has an exit status of its own for output that is
  // lost.
  void (*declare)(CLI::App& app, Options& options) = nullptr;
  // Prints what it has to say, failures once to standard error, and returns the exit status. run_alone: of a
  // command that has no use for a runtime directory. One of the two is given.
  int (*run)(const Options& options, const daemon::RuntimePaths& paths) = nullptr;
  int (*run_alone)(const Options& options) = nullptr;
  bool starts_vms = false;   // not only plans them
  bool tells_infos = false;  // what is found in configurations and is neither an error nor a warning
  Registered<Command> registered{*this};
};

// All of them, sorted by name.
const std::vector<const Command*>& all_commands();
// nullptr: there is none of that name.
const Command* find_command(std::string_view name);

// Options that several commands have.
void add_runtime_directory(CLI::App& app, CommonOptions& common);
void add_launch_options(CLI::App& app, CommonOptions& common);  // with add_runtime_directory
// schema: the name of the one in schemas/ that describes it.
void add_json(CLI::App& app, Options& options, std::string_view schema);
void add_timeout(CLI::App& app, Options& options);

}  // namespace qvm::cli
