// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// A VM's state in words for people. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "qvm/daemon/control/protocol.h"

namespace qvm::cli {

// What QNX's qvm says when everything was set up and the guests did not run a single instruction.
inline constexpr const char* kDryrunCompleted = "Exiting: dryrun completed\n";

// By the clock of the host.
std::int64_t seconds_since_1970();

// "running (pid 17)", "powered off", "failed: its QEMU process was killed by signal 9 (Killed)".
std::string describe(const daemon::VmStatus& vm, std::int64_t now = seconds_since_1970());

// What `qvm ps` prints: a line per VM under a line of titles.
std::string vm_table(const std::vector<daemon::VmStatus>& vms, std::int64_t now = seconds_since_1970());

}  // namespace qvm::cli
