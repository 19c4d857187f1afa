// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The options of `vdev shmem` that say who may do what with which names.
#pragma once

#include "vdevs/plan.h"

namespace qvm::vdevs {

// allow, deny, subst, create, gid and umask, in the order written: gid and umask hold for the creates after
// them, their last values for regions that the guest itself creates. Errors go to sink.
regions::VdevPolicy read_policy(const PlanInput& input, config::DiagnosticSink& sink);

}  // namespace qvm::vdevs
