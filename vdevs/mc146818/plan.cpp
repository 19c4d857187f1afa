// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// `vdev mc146818`: the machine's real-time clock, at ports 0x70 and 0x71, line 8.
#include "vdevs/plan.h"
#include "vdevs/legacy_part.h"

namespace qvm::vdevs {
namespace {

VdevPlan plan_mc146818(const PlanInput& input, config::DiagnosticSink& sink) {
  VdevPlan plan;
  plan_legacy_part(input, {Part::clock, "the clock"}, plan, sink);
  return plan;
}

}  // namespace

const ShippedVdev kMc146818Vdev{"mc146818", plan_mc146818};

}  // namespace qvm::vdevs
