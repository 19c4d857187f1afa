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
    if (!plan.board || plan.board->device_tree_dump.empty()) continue;
    const std::string& path = plan.board->device_tree_dump;
    std::ofstream file(path, std::ios::binary);
    file << plan.board->device_tree;
    if (!file.flush()) return fail_errno(fmt::format("write the device tree '{}'", path));
    write_output(fmt::format("FDT saved to '{}'\n", path));
  }
  return {};
}

}  // namespace qvm::cli
