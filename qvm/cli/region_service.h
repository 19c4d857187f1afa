// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What the command line asks of qvm-regiond itself: regions need no VM, and no qvmd.
#pragma once

#include <string>
#include <vector>

#include "qvm/base/result.h"
#include "qvm/cli/planning.h"
#include "qvm/daemon/control/runtime_directory.h"
#include "qvm/regions/model/explanation.h"

namespace qvm::cli {

// For `qvm regions --json`, see schemas/regions.schema.json: of the qvm-regiond that runs; else there are
// none.
Result<std::string> describe_regions(const daemon::RuntimePaths& paths);

// See schemas/explanation.schema.json. Fails if no qvm-regiond runs.
Result<std::string> explain_access(const daemon::RuntimePaths& paths,
                                   const regions::ExplainRequest& question);

// `qvm up` of a manifest without VMs: makes its regions, and takes them away at SIGINT, SIGTERM and SIGHUP;
// with --detach it leaves them to `qvm down`.
int up_regions(const Options& options, const daemon::RuntimePaths& paths, const Launch& launch);

// `qvm down`, when no VM runs any more: what is left of manifests. Returns their names.
Result<std::vector<std::string>> remove_manifest_regions(const daemon::RuntimePaths& paths);

}  // namespace qvm::cli
