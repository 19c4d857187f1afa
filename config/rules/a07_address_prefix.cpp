// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/rules/rule.h"

namespace qvm::config {

const Rule kAddressPrefix{
    .id = "A07",
    .severity = Severity::warning,
    .title = "number without a prefix whose base is easily mistaken",
    .documentation =
        "Without a prefix, addresses are hexadecimal but lengths are decimal. Write 0x before every "
        "hexadecimal "
        "number (0d before a decimal address). A length with hexadecimal digits and no prefix is an error.",
    .wrong = {"system left\nram 64M\nvdev ser8250 loc 3f8\n"},
    .right = {"system left\nram 64M\nvdev ser8250 loc 0x3f8\n"},
    .check = nullptr};

}  // namespace qvm::config
