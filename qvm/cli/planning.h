// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// From the words of a command line to plans, with the caller's directory, environment and rights.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "qvm/cli/options.h"
#include "qvm/plan/vm_plan.h"
#include "qvm/regions/model/policy.h"

namespace qvm::cli {

// What will be started together.
struct Launch {
  std::vector<plan::VmPlan> plans;  // none: there are regions; all or none a dryrun
  std::vector<regions::RegionSpec> regions;
  std::string libvirt_uri;  // empty: embedded
};

// Whether the words are several files (up, plan) or one VM's words (QNX's way, "@file …").
enum class WordForm { files, single_vm };

// Reads, lints and plans. Prints every finding to err. An absent result has exit_status set: 65 for errors in
// the configuration, 64 for what this host lacks.
std::optional<Launch> plan_launch(const Options& options, WordForm form, const std::string& runtime_directory,
                                  std::ostream& err, int& exit_status);

}  // namespace qvm::cli
