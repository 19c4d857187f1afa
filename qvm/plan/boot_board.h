// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// How a board's guest is started: everything is put into its memory, and the first CPU starts at a few
// instructions of ours that jump to the image as Linux's arm64 boot protocol has it (the device tree's
// address in x0, the rest 0). Other CPUs wait for PSCI.
#pragma once

#include "qvm/plan/boot.h"
#include "qvm/plan/device_tree.h"

namespace qvm::plan {

struct BoardBootPlan {
  Boot boot;
  std::vector<Blob> blobs;  // as in BootPlan, the image and the ramdisk among them
  BoardStart start;         // without its paths
};

// board has everything but the command line and the ramdisk. Findings go to sink; the result is complete only
// if none of them is an error.
BoardBootPlan plan_board_boot(const config::VmConfig& vm, const RamLayout& ram, Board board,
                              const HostFacts& host, const HostQueries& queries,
                              config::DiagnosticSink& sink);

}  // namespace qvm::plan
