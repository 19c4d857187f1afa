// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/rules/rule.h"

namespace qvm::config {

const Rule kAddressSuffix{
    .id = "A08",
    .severity = Severity::warning,
    .title = "address with a suffix and no prefix",
    .documentation =
        "'ram 4096M,2048M' is ambiguous: by the letter of the rule an address without a prefix is "
        "hexadecimal, yet "
        "everybody who writes so means 4 GiB. It is read as decimal here. Write 0x100000000 or 0d4096M.",
    .wrong = {"system left\nram 0x0,64M\nram 4096M,2048M\n"},
    .right = {"system left\nram 0x0,64M\nram 0d4096M,2048M\n"},
    .check = nullptr};

}  // namespace qvm::config
