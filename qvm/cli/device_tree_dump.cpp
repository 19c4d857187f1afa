// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/device_tree_dump.h"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>

#include "qvm/base/standard_streams.h"

namespace qvm::cli {

Result<void> dump_device_trees(const Launch& launch) {
  for (const plan::VmPlan& plan : launch.plans) {
    if (plan.device_tree_dump.empty()) continue;
    std::ofstream file(plan.device_tree_dump, std::ios::binary);
    file << plan.device_tree;
    if (!file.flush()) return fail_errno(fmt::format("write the device tree '{}'", plan.device_tree_dump));
    write_output(fmt::format("FDT saved to '{}'\n", plan.device_tree_dump));
  }
  return {};
}

}  // namespace qvm::cli
