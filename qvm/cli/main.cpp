// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// qvm: starts, shows and stops virtual machines.
#include <exception>
#include <iostream>
#include <vector>

#include "qvm/base/standard_streams.h"
#include "qvm/cli/commands.h"
#include "qvm/cli/exit_codes.h"
#include "tools/lint/format_command.h"
#include "tools/lint/lint_command.h"

namespace qvm::cli {
namespace {

// Commands that read their own words: they exist outside of qvm as well.
using WordCommand = int (*)(int, const char* const*, std::istream&, std::ostream&, std::ostream&);

int run_words(WordCommand command, const char* name, const Options& options) {
  std::vector<const char*> words = {name};
  for (const std::string& word : options.words) words.push_back(word.c_str());
  return command(static_cast<int>(words.size()), words.data(), std::cin, std::cout, std::cerr);
}

int run_command(const Options& options) {
  if (options.command == Command::version) return version(options);
  auto directory = daemon::choose_runtime_directory(options.common.runtime_directory);
  if (!directory) {
    complain(directory.error().message());
    return kNotStarted;
  }
  const daemon::RuntimePaths paths(std::move(*directory));
  // Said here once: planning would blame each VM's name for it.
  const bool launches = options.command == Command::up || options.command == Command::single;
  if (auto fits = daemon::check_socket_lengths(paths, "a"); launches && !fits) {
    complain(fits.error().message());
    return kNotStarted;
  }
  switch (options.command) {
    case Command::up:
      return up(options, paths);
    case Command::single:
      return run_single(options, paths);
    case Command::down:
      return down(options, paths);
    case Command::ps:
      return list_vms(options, paths);
    case Command::console:
      return console(options, paths);
    case Command::logs:
      return logs(options, paths);
    case Command::regions:
      return list_regions(options, paths);
    case Command::explain:
      return explain_region(options, paths);
    case Command::plan:
      return show_plan(options, paths);
    case Command::doctor:
      return doctor(options, paths);
    case Command::lint:
    case Command::fmt:
    case Command::version:
      break;  // elsewhere
  }
  return kUsage;
}

int run(int argc, const char* const* argv) {
  int status = kOk;
  const auto options = parse_options(argc, argv, std::cout, std::cerr, status);
  // These two have an exit status of their own for output that is lost.
  if (options && options->command == Command::lint) return run_words(lint::run_lint, "qvm lint", *options);
  if (options && options->command == Command::fmt) return run_words(lint::run_format, "qvm fmt", *options);
  if (options) status = run_command(*options);
  return end_output("qvm", status);
}

}  // namespace
}  // namespace qvm::cli

int main(int argc, char** argv) {
  qvm::begin_output();
  try {
    return qvm::cli::run(argc, argv);
  } catch (const std::exception& error) {
    qvm::cli::complain(error.what());
    return qvm::cli::kFailed;
  }
}
