// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string>

#include "qvm/daemon/runtime_directory.h"

namespace qvm::daemon {

// All logs of a VM (qvm/base/log_limit.h): consoles, host sides, and what its process says.
void shorten_logs(const RuntimePaths& paths, const std::string& vm);

}  // namespace qvm::daemon
