// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// How far a VM is, on disk, for a successor of qvmd.
#pragma once

#include <string>

#include "qvm/base/result.h"
#include "qvm/daemon/runtime_directory.h"
#include "qvm/lifecycle/progress.h"

namespace qvm::daemon {

// Replaces RUN/vm/NAME/progress.json as a whole: a reader sees the old or the new one.
Result<void> write_progress(const RuntimePaths& paths, const std::string& vm,
                            const lifecycle::Progress& progress);
// A failure with an errno: it cannot be read now, or (ENOENT) there is none. Without: it is damaged.
Result<lifecycle::Progress> read_progress(const RuntimePaths& paths, const std::string& vm);

}  // namespace qvm::daemon
