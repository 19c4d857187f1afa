// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// How the pieces of `ram` and `rom` fit a board, whose guest is told of exactly these pieces of RAM. The
// machine's own RAM is one piece from its base up to the end of the highest: what is between the configured
// ones costs nothing, because nobody touches it. vmhost adds what is below the base, and read-only memory.
#pragma once

#include "qvm/plan/ram_layout.h"

namespace qvm::plan {

// As lay_out_ram(); ranges has the configured pieces only.
std::optional<RamLayout> lay_out_board_ram(const std::vector<config::MemoryPiece>& pieces,
                                           const config::SourceRange& vm, const vdevs::Machine& machine,
                                           config::DiagnosticSink& sink);

}  // namespace qvm::plan
