// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Starting qvmd in the background.
#pragma once

#include "qvm/base/result.h"
#include "qvm/daemon/runtime_directory.h"

namespace qvm::cli {

// Starts the qvmd beside this program, apart from this terminal and session, its output in RUN/log/qvmd.log;
// returns when it listens. Fails with qvmd's own sentence when it cannot, and with ECANCELED as soon as
// interrupt is readable (-1: never).
Result<void> start_daemon(const daemon::RuntimePaths& paths, int interrupt);

}  // namespace qvm::cli
