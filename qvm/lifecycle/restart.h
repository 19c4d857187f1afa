// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Whether and when a VM that ended is started again. Pure.
#pragma once

#include <chrono>

#include "config/manifest/supervision.h"
#include "qvm/lifecycle/vm_status.h"

namespace qvm::lifecycle {

// Whether a VM that ended like this has failed: not, if its guest powered off or it was stopped.
bool is_failure(Outcome outcome);

struct RestartDecision {
  enum class Kind {
    end,      // the policy does not want it back
    restart,  // after `delay`
    give_up,  // it has been restarted as often as the policy allows
  };
  Kind kind = Kind::end;
  std::chrono::milliseconds delay{};
  unsigned in_a_row = 0;  // restarts without a stable run between them, this one included
};

// in_a_row: before this end. ran: how long the guest ran, 0 if it never did.
RestartDecision decide_restart(const config::RestartPolicy& policy, Outcome outcome, unsigned in_a_row,
                               std::chrono::milliseconds ran);

}  // namespace qvm::lifecycle
