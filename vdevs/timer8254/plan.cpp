// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// `vdev timer8254`: the machine's programmable interval timer, at ports 0x40..0x43, line 0.
#include "vdevs/plan.h"
#include "vdevs/legacy_part.h"

namespace qvm::vdevs {
namespace {

VdevPlan plan_timer8254(const PlanInput& input, config::DiagnosticSink& sink) {
  VdevPlan plan;
  plan_legacy_part(input, {Part::interval_timer, "the interval timer"}, plan, sink);
  return plan;
}

}  // namespace

const ShippedVdev kTimer8254Vdev{"timer8254", plan_timer8254};

}  // namespace qvm::vdevs
