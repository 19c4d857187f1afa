// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// One line of qvm-regiond's log, on standard error.
#pragma once

#include <string_view>

namespace qvm::regions {

// Writes "regiond: text". Control characters in text (names come from guests) are replaced by '?'.
void log_line(std::string_view text);

}  // namespace qvm::regions
