// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What the program's exit statuses mean: QNX's qvm's, which its users' scripts already test.
#pragma once

#include "qvm/daemon/control/protocol.h"

namespace qvm::cli {

inline constexpr int kOk = 0;              // the guests ended by themselves or were stopped in order
inline constexpr int kFailed = 1;          // a command other than a launch could not do its work
inline constexpr int kUsage = 2;           // the command line makes no sense
inline constexpr int kPowerCut = 3;        // SIGQUIT: the VM was cut off
inline constexpr int kWatchdog = 4;        // the guest's watchdog bit
inline constexpr int kUnsupported = 5;     // the guest did what cannot be emulated
inline constexpr int kDevice = 6;          // a vdev ended the VM
inline constexpr int kUnexpected = 7;      // the guest panicked
inline constexpr int kNotStarted = 64;     // fatal before the guest started
inline constexpr int kConfiguration = 65;  // the configuration has errors
inline constexpr int kDied = 96;           // fatal after the guest started
inline constexpr int kInterrupted = 130;   // Ctrl-C during `up`, as shells report SIGINT

// Exit status for the way a VM ended.
int exit_code(daemon::Outcome outcome);

}  // namespace qvm::cli
