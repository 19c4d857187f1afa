// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// How far a VM is: what a successor of qvmd must know beyond the VM's record to go on with it.
#pragma once

#include <cstdint>
#include <string>

#include "qvm/lifecycle/time.h"
#include "qvm/lifecycle/vm_status.h"

namespace qvm::lifecycle {

struct Progress {
  enum class Phase {
    creating,    // being started again: whatever there is of its domain is half-made
    waiting,     // complete, but its guest has not been let run
    running,     // its guest runs, or is about to
    restarting,  // it has ended and will be started again
    stopping,    // complete, and somebody wants it stopped
    leaving,     // it has ended for good, and what it leaves is being taken away
  };
  Phase phase = Phase::running;
  Time since{};                // of the phase
  Time due{};                  // restarting: when it is started
  unsigned in_a_row = 0;       // restarts without a stable run between them
  std::uint32_t restarts = 0;  // all of them
  bool stop_wanted = false;    // also while it is being made
  Ticks stop_timeout{};        // stopping: how long its guest may take
  // Restarting, leaving: of the run before. Running, stopping: why it is being ended, if its guest cannot go
  // on.
  Outcome outcome = Outcome::none;
  std::string reason{};

  bool operator==(const Progress&) const = default;
};

}  // namespace qvm::lifecycle
