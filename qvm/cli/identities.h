// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Accounts of a manifest on this host, and whom a VM runs as.
#pragma once

#include "config/manifest/system_config.h"
#include "config/text/diagnostic.h"
#include "qvm/plan/vm_plan.h"
#include "qvm/regions/model/access.h"
#include "qvm/regions/model/policy.h"

namespace qvm::cli {

// Fills uid, gid and groups of host, whose runtime directory is known, for a VM; entry is null for a VM that
// no manifest describes. As root a VM without a uid runs as a user that exists for it alone (vm_accounts.h),
// otherwise as the caller. Accounts that do not exist, or that the caller may not give, are errors at their
// place.
void resolve_identity(const std::string& vm, const config::VmEntry* entry, plan::HostFacts& host,
                      config::DiagnosticSink& sink);

// The region as the manager wants it; owner and group default to the caller.
regions::RegionSpec resolve_region(const config::RegionEntry& entry, const config::SourceSet& sources,
                                   config::DiagnosticSink& sink);

// What the manifest says of limits; its path stands for the system.
regions::SystemLimits resolve_limits(const config::SystemConfig& manifest, const config::SourceSet& sources);
// Those of one VM, into its policy.
void apply_limits(const config::RegionLimits& limits, const config::SourceSet& sources,
                  regions::VmPolicy& policy);

// The user and the groups of a host program: an account's number or name, with the groups that the host gives
// it; empty: the caller's own.
Result<regions::Identity> resolve_program(const std::string& account);

std::optional<gid_t> find_group(const std::string& name);

}  // namespace qvm::cli
