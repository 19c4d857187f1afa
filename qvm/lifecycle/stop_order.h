// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// In which order VMs stop. Pure.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "config/manifest/supervision.h"

namespace qvm::lifecycle {

// Those of `alive` that no other one of them depends on: they may be stopped now, the others when these are
// gone. Not empty unless alive is; VMs that depend on each other in a circle all go at once.
std::vector<std::string> may_stop_now(const std::set<std::string>& alive,
                                      const config::Dependencies& dependencies);

}  // namespace qvm::lifecycle
