// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// `set fdt-dump-file PATH`: the device trees of boards, written where their configurations say.
#pragma once

#include "qvm/base/result.h"
#include "qvm/cli/planning.h"

namespace qvm::cli {

// With the caller's rights, before anything starts; says of each file that it is there, as QNX's qvm does.
Result<void> dump_device_trees(const Launch& launch);

}  // namespace qvm::cli
