// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string_view>

#include "qvm/base/result.h"

namespace qvm::host {

// What QEMU's monitor says to a command: nothing, or why not. A process that a guest has taken over may say
// anything, which is then a failure without a reason.
Result<void> read_monitor_answer(std::string_view json);

}  // namespace qvm::host
