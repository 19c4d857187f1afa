// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// qvmd: everything put together, from taking over what runs to leaving nothing behind.
#pragma once

#include <functional>
#include <string>

#include "qvm/base/result.h"
#include "qvm/base/unique_fd.h"

namespace qvm::daemon {

struct DaemonOptions {
  std::string runtime_directory;  // absolute
  std::string regiond_program;    // path of qvm-regiond
  std::string version;            // told to clients
  // Called once clients are served.
  std::function<void()> ready;
};

// Serves until it is idle and the last client is gone, or until a signal asks it to end (SIGTERM, SIGINT: VMs
// run on). To be called by a process that has one thread and nothing else to do; signals it handles are
// blocked here. Fails, with one sentence, if it cannot serve; EWOULDBLOCK if another qvmd serves this
// directory.
Result<void> run_daemon(const DaemonOptions& options);

}  // namespace qvm::daemon
