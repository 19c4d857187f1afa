// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// For vdevs whose registers this machine has at one place that guests learn from ACPI.
#pragma once

#include "vdevs/plan.h"

namespace qvm::vdevs {

// Claims the machine's registers of the part. With another `loc` they are there, too: a guest that reads ACPI
// finds them at the one place, a guest made for the board of the configuration at the other. what: "the I/O
// APIC".
void plan_fixed_memory(const PlanInput& input, Part part, std::string_view what, VdevPlan& plan,
                       config::DiagnosticSink& sink);

}  // namespace qvm::vdevs
