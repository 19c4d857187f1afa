// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/rules/rule.h"

namespace qvm::config {

// config/lint/suppress.cpp reports it: what a comment suppresses is only known when all other rules have run.
const Rule kSuppression{
    .id = "A25",
    .severity = Severity::warning,
    .title = "suppression that has no effect",
    .documentation =
        "'# qvm-lint: ignore=RULE (reason)' behind an option, or on a line of its own before it, hides what "
        "the "
        "rule says about that line; 'ignore-file=RULE (reason)' what it says about the file. The reason is "
        "for "
        "the next reader and cannot be left out. An error cannot be hidden: it can never work, and the VM "
        "would not start. A suppression that hides nothing is told as an info: what was wrong has been "
        "repaired, or depends on the host.",
    .wrong = {"system left\nram 64M\nvdev ser8250 loc 3f8 # qvm-lint: ignore=A07\n"},
    .right = {"system left\nram 64M\nvdev ser8250 loc 3f8 # qvm-lint: ignore=A07 (copied from the board's "
              "manual)\n"},
    .check = nullptr};

}  // namespace qvm::config
