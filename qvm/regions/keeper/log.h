// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// qvm-regiond's log, on standard error.
#pragma once

#include <string_view>

#include "qvm/base/log.h"

namespace qvm::regions {

// The one of this process, in the format of QVM_LOG_FORMAT.
Log& process_log();

// A line that is no decision.
void log_line(std::string_view text);

}  // namespace qvm::regions
