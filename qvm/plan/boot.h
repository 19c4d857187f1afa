// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What is in guest memory before the first instruction, and what starts.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/model/vm_config.h"
#include "config/text/diagnostic.h"
#include "qvm/plan/ram_layout.h"
#include "qvm/plan/vm_plan.h"

namespace qvm::plan {

inline constexpr const char* kBootRule = "plan-boot";

struct BootPlan {
  Boot boot;
  std::vector<Blob> blobs;  // sorted by address, disjoint
  // Pages of the BIOS area that have to be memory of their own, because a blob is in them; sorted, disjoint.
  std::vector<OwnedRange> bios_pages;
};

// Findings go to sink; the result is complete only if none of them is an error.
BootPlan plan_boot(const config::VmConfig& vm, const RamLayout& ram, const HostFacts& host,
                   const HostQueries& queries, config::DiagnosticSink& sink);

// The `guest` blob, else the first file of no stated kind; nullptr after an error in sink: there is none.
const config::Load* choose_image(const config::VmConfig& vm, config::DiagnosticSink& sink);

// Absolute, and as libvirt takes it; nullopt after an error in sink.
std::optional<std::string> checked_path(const config::Load& load, const HostFacts& host,
                                        config::DiagnosticSink& sink);

}  // namespace qvm::plan
