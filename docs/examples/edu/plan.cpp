// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// `vdev edu`, which docs/contributing.md walks through.
#include <fmt/format.h>

#include "vdevs/pci_request.h"
#include "vdevs/plan.h"

namespace qvm::vdevs {
namespace {

VdevPlan plan_edu(const PlanInput& input, config::DiagnosticSink& sink) {
  VdevPlan plan;
  plan.pci = request_pci(input, sink);
  if (!plan.pci) return plan;
  plan.pci->vendor = 0x1234;
  plan.pci->device = 0x11e8;
  plan.qemu.push_back({"-device", fmt::format("edu,id={}", input.id), true});
  return plan;
}

}  // namespace

const ShippedVdev kEduVdev{"edu", plan_edu};

}  // namespace qvm::vdevs
