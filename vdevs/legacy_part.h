// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// For vdevs that are parts of every PC: the machine brings them at their standard places, and nowhere else.
#pragma once

#include "vdevs/plan.h"

namespace qvm::vdevs {

// How the findings of a part speak of it.
struct LegacyPart {
  Part part;
  std::string_view what;  // "the interval timer"
  // `loc` must be the start of one of the machine's ranges of the part; whole: the vdev is all of them,
  // whichever it names, else only the named one.
  bool whole = true;
};

// Claims the part's ports and the lines it has on this machine. Another `loc` or another `intr` is an error
// in sink that tells the right one.
void plan_legacy_part(const PlanInput& input, const LegacyPart& part, VdevPlan& plan,
                      config::DiagnosticSink& sink);

}  // namespace qvm::vdevs
