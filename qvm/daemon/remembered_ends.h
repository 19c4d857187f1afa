// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// How VMs have failed, beside their logs: `qvm ps` tells it also when the qvmd that saw it has ended.
#pragma once

#include <string>
#include <vector>

#include "qvm/base/result.h"
#include "qvm/daemon/runtime_directory.h"
#include "qvm/lifecycle/vm_status.h"

namespace qvm::daemon {

// Replaces RUN/log/NAME/end.json.
Result<void> remember_end(const RuntimePaths& paths, const lifecycle::VmStatus& status);
// Nothing if there is none.
void forget_end(const RuntimePaths& paths, const std::string& vm);
// Those that can be read; what another release wrote is not told.
std::vector<lifecycle::VmStatus> remembered_ends(const RuntimePaths& paths);

}  // namespace qvm::daemon
