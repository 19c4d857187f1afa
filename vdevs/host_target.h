// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What an option's path means on this host.
#pragma once

#include <string>

#include "qvm/base/result.h"
#include "vdevs/plan.h"

namespace qvm::vdevs {

struct HostTarget {
  std::string text;             // a path, or one of the words that the host map has for its option
  bool mapped = false;          // the host map says so; else it is what was written
  config::SourceRange where{};  // in the host map, if that says so; else where the path is
};
// Fails if a network stands for the path.
Result<HostTarget> find_host_target(const PlanInput& input, const std::string& path,
                                    const config::SourceRange& where);

// The path of a file, absolute from where the caller is. Fails if the domain's XML cannot have it.
Result<std::string> host_file(const PlanInput& input, const std::string& path);

}  // namespace qvm::vdevs
