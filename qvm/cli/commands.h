// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The commands of qvm. Each prints what it has to say, failures once to standard error, and returns the exit
// status.
#pragma once

#include "qvm/cli/options.h"
#include "qvm/daemon/control/runtime_directory.h"

namespace qvm::cli {

// What QNX's qvm says when everything was set up and the guests did not run a single instruction.
inline constexpr const char* kDryrunCompleted = "Exiting: dryrun completed\n";

int up(const Options& options, const daemon::RuntimePaths& paths);
// `qvm @file …`: one VM in the foreground, its console on the terminal.
int run_single(const Options& options, const daemon::RuntimePaths& paths);
int down(const Options& options, const daemon::RuntimePaths& paths);
int list_vms(const Options& options, const daemon::RuntimePaths& paths);
int console(const Options& options, const daemon::RuntimePaths& paths);
int logs(const Options& options, const daemon::RuntimePaths& paths);
int list_regions(const Options& options, const daemon::RuntimePaths& paths);
// `qvm regions explain`
int explain_region(const Options& options, const daemon::RuntimePaths& paths);
int show_plan(const Options& options, const daemon::RuntimePaths& paths);
int version(const Options& options);
// Whether VMs can start on this host, and what is missing. Status 0 if they can.
int doctor(const Options& options, const daemon::RuntimePaths& paths);

// "qvm: message" on standard error.
void complain(const std::string& message);

}  // namespace qvm::cli
