// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/lifecycle/restart.h"

#include <algorithm>

namespace qvm::lifecycle {
namespace {

// delay, doubled `times`, at most `limit`.
std::chrono::milliseconds doubled(std::chrono::milliseconds delay, unsigned times,
                                  std::chrono::milliseconds limit) {
  while (times-- > 0 && delay < limit) delay = std::min(delay * 2, limit);
  return std::min(delay, limit);
}

bool wanted(config::RestartPolicy::When when, Outcome outcome) {
  switch (when) {
    case config::RestartPolicy::When::no:
      return false;
    case config::RestartPolicy::When::on_failure:
      return is_failure(outcome);
    case config::RestartPolicy::When::always:
      return outcome != Outcome::stopped;
  }
  return false;
}

}  // namespace

bool is_failure(Outcome outcome) {
  return outcome != Outcome::none && outcome != Outcome::shutdown && outcome != Outcome::reset &&
         outcome != Outcome::stopped;
}

RestartDecision decide_restart(const config::RestartPolicy& policy, Outcome outcome, unsigned in_a_row,
                               std::chrono::milliseconds ran) {
  if (!wanted(policy.when, outcome)) return {};
  const unsigned before = ran >= policy.stable_after ? 0 : in_a_row;
  if (policy.max_restarts && before >= *policy.max_restarts) {
    return {.kind = RestartDecision::Kind::give_up, .in_a_row = before};
  }
  return {.kind = RestartDecision::Kind::restart,
          .delay = doubled(policy.delay, before, policy.max_delay),
          .in_a_row = before + 1};
}

}  // namespace qvm::lifecycle
