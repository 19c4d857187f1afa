// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// `vdev 8259`: one of the machine's two interrupt controllers, at ports 0x20 or 0xa0.
#include "vdevs/plan.h"
#include "vdevs/legacy_part.h"

namespace qvm::vdevs {
namespace {

VdevPlan plan_8259(const PlanInput& input, config::DiagnosticSink& sink) {
  VdevPlan plan;
  plan_legacy_part(input,
                   {.part = Part::interrupt_controllers, .what = "an interrupt controller", .whole = false},
                   plan, sink);
  return plan;
}

}  // namespace

const ShippedVdev k8259Vdev{"8259", plan_8259};

}  // namespace qvm::vdevs
