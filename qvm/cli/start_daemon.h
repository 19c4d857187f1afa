// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Starting qvmd in the background.
#pragma once

#include <chrono>

#include "qvm/base/result.h"
#include "qvm/daemon/control/runtime_directory.h"

namespace qvm::cli {

// In which a qvmd that is well answers, and comes up.
inline constexpr std::chrono::milliseconds kUsualAnswer{1500};

// Starts the qvmd beside this program, apart from this terminal and session, its output in RUN/log/qvmd.log;
// returns when it listens. Fails with qvmd's own sentence when it cannot, and with ECANCELED when interrupt
// is readable (-1: never) and the usual time has passed.
Result<void> start_daemon(const daemon::RuntimePaths& paths, int interrupt);

}  // namespace qvm::cli
