// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// `vdev ioapic`: the machine's I/O APIC.
#include "vdevs/plan.h"
#include "vdevs/fixed_memory.h"

namespace qvm::vdevs {
namespace {

VdevPlan plan_ioapic(const PlanInput& input, config::DiagnosticSink& sink) {
  VdevPlan plan;
  plan_fixed_memory(input, Part::io_apic, "the I/O APIC", plan, sink);
  // The kernel's own answers at one place only; this one is QEMU's, with the rest of the interrupt
  // controllers in the kernel.
  if (plan.second_place) plan.domain.push_back({"features", "<ioapic driver='qemu'/>", false, true});
  plan.controller_lines = input.machine.interrupt_lines;
  return plan;
}

}  // namespace

const ShippedVdev kIoapicVdev{"ioapic", plan_ioapic};

}  // namespace qvm::vdevs
