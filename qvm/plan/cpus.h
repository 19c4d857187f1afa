// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The virtual CPUs of a VM and the host CPUs their threads may use.
#pragma once

#include "config/model/vm_config.h"
#include "config/text/diagnostic.h"
#include "qvm/plan/vm_plan.h"

namespace qvm::plan {

// Fills vcpus and affinity of plan; errors and warnings go to sink.
void plan_cpus(const config::VmConfig& vm, const HostQueries& queries, VmPlan& plan,
               config::DiagnosticSink& sink);

}  // namespace qvm::plan
