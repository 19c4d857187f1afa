// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// How far a VM is, on disk: what a successor of qvmd must know beyond the VM's record to go on with it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "qvm/base/result.h"
#include "qvm/daemon/protocol.h"
#include "qvm/daemon/runtime_directory.h"

namespace qvm::daemon {

struct VmProgress {
  enum class Phase {
    creating,    // being started again: whatever there is of its domain is half-made
    waiting,     // complete, but its guest has not been let run
    running,     // its guest runs, or is about to
    restarting,  // it has ended and will be started again
    stopping,    // somebody wants it stopped
  };
  Phase phase = Phase::running;
  std::int64_t since_ms = 0;          // of the phase, since 1970
  std::int64_t due_ms = 0;            // restarting: when it is started, since 1970
  unsigned in_a_row = 0;              // restarts without a stable run between them
  std::uint32_t restarts = 0;         // all of them
  std::uint32_t stop_timeout_ms = 0;  // stopping: how long its guest may take
  Outcome outcome = Outcome::none;    // restarting: of the run before
  std::string reason{};
};

// Replaces RUN/vm/NAME/progress.json as a whole: a reader sees the old or the new one.
Result<void> write_progress(const RuntimePaths& paths, const std::string& vm, const VmProgress& progress);
// nullopt if there is none, or none that can be read.
std::optional<VmProgress> read_progress(const RuntimePaths& paths, const std::string& vm);

}  // namespace qvm::daemon
