// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/rules/rule.h"

namespace qvm::config {

const Rule kVariableValue{
    .id = "G07",
    .severity = Severity::error,
    .title = "variable set to a value of another type",
    .documentation =
        "Booleans are on, yes, true, 1 and off, no, false, 0; numbers are decimal, or hexadecimal after 0x.",
    .wrong = {"system left\nram 64M\nset exit-on-halt never\n"},
    .right = {"system left\nram 64M\nset exit-on-halt off\n"},
    .check = nullptr};

}  // namespace qvm::config
