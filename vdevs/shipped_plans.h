// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The plan functions that shipped.cpp lists; each is in vdevs/TYPE/plan.cpp.
#pragma once

#include "vdevs/plan.h"

namespace qvm::vdevs {

VdevPlan plan_8259(const PlanInput& input, config::DiagnosticSink& sink);
VdevPlan plan_gic(const PlanInput& input, config::DiagnosticSink& sink);
VdevPlan plan_hpet(const PlanInput& input, config::DiagnosticSink& sink);
VdevPlan plan_ioapic(const PlanInput& input, config::DiagnosticSink& sink);
VdevPlan plan_mc146818(const PlanInput& input, config::DiagnosticSink& sink);
VdevPlan plan_pci_dummy(const PlanInput& input, config::DiagnosticSink& sink);
VdevPlan plan_pckeyboard(const PlanInput& input, config::DiagnosticSink& sink);
VdevPlan plan_pl011(const PlanInput& input, config::DiagnosticSink& sink);
VdevPlan plan_ser8250(const PlanInput& input, config::DiagnosticSink& sink);
VdevPlan plan_shmem(const PlanInput& input, config::DiagnosticSink& sink);
VdevPlan plan_timer8254(const PlanInput& input, config::DiagnosticSink& sink);
VdevPlan plan_virtio_console(const PlanInput& input, config::DiagnosticSink& sink);
VdevPlan plan_virtio_blk(const PlanInput& input, config::DiagnosticSink& sink);
VdevPlan plan_virtio_entropy(const PlanInput& input, config::DiagnosticSink& sink);
VdevPlan plan_virtio_fs(const PlanInput& input, config::DiagnosticSink& sink);
VdevPlan plan_virtio_net(const PlanInput& input, config::DiagnosticSink& sink);
VdevPlan plan_wdt_ib700(const PlanInput& input, config::DiagnosticSink& sink);
VdevPlan plan_wdt_sp805(const PlanInput& input, config::DiagnosticSink& sink);

std::vector<DomainElement> without_hpet(const Machine& machine);

}  // namespace qvm::vdevs
