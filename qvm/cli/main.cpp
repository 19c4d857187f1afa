// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// qvm: starts, shows and stops virtual machines.
#include <exception>
#include <iostream>

#include "qvm/base/standard_streams.h"
#include "qvm/cli/command.h"
#include "qvm/cli/complain.h"
#include "qvm/cli/exit_codes.h"

namespace qvm::cli {
namespace {

int run_command(const Options& options) {
  const Command& command = *options.command;
  if (command.run_alone != nullptr) return command.run_alone(options);
  auto directory = daemon::choose_runtime_directory(options.common.runtime_directory);
  if (!directory) {
    complain(directory.error().message());
    return kNotStarted;
  }
  const daemon::RuntimePaths paths(std::move(*directory));
  // Said here once: planning would blame each VM's name for it.
  if (auto fits = daemon::check_socket_lengths(paths, "a"); command.starts_vms && !fits) {
    complain(fits.error().message());
    return kNotStarted;
  }
  return command.run(options, paths);
}

int run(int argc, const char* const* argv) {
  int status = kOk;
  const auto options = parse_options(argc, argv, std::cout, std::cerr, status);
  if (options) status = run_command(*options);
  if (options && options->command->declare == nullptr) return status;
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
