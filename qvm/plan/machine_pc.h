// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The machine `pc` (i440FX and PIIX3, as QEMU 7.2 and later build it).
#pragma once

#include "vdevs/machine.h"

namespace qvm::plan {

inline constexpr std::uint64_t kFourGiB = std::uint64_t{1} << 32;

const vdevs::Machine& machine_pc();

}  // namespace qvm::plan
