// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// `vdev pckeyboard`: the machine's keyboard controller, at ports 0x60 and 0x64, lines 1 and 12.
#include "vdevs/plan.h"
#include "vdevs/legacy_part.h"

namespace qvm::vdevs {
namespace {

VdevPlan plan_pckeyboard(const PlanInput& input, config::DiagnosticSink& sink) {
  VdevPlan plan;
  plan_legacy_part(input, {Part::keyboard_controller, "the keyboard controller"}, plan, sink);
  return plan;
}

}  // namespace

const ShippedVdev kPckeyboardVdev{"pckeyboard", plan_pckeyboard};

}  // namespace qvm::vdevs
