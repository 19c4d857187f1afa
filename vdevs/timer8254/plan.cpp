// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// `vdev timer8254`: the machine's programmable interval timer, at ports 0x40..0x43, line 0.
#include "vdevs/legacy_part.h"
#include "vdevs/shipped_plans.h"

namespace qvm::vdevs {

VdevPlan plan_timer8254(const PlanInput& input, config::DiagnosticSink& sink) {
  VdevPlan plan;
  plan_legacy_part(input, {Part::interval_timer, "the interval timer"}, plan, sink);
  return plan;
}

}  // namespace qvm::vdevs
