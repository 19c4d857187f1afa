// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/rules/rule.h"

namespace qvm::config {

const Rule kHashInWord{
    .id = "A21",
    .severity = Severity::warning,
    .title = "'#' inside a word",
    .documentation =
        "A comment starts with a '#' at the beginning of a word. QNX's documentation can also be read so "
        "that it "
        "starts anywhere outside quotes; with a blank before it, or quotes around the word, both agree.",
    .wrong = {"system left\nram 64M\nvdev ser8250 hostdev /dev/tty#1\n"},
    .right = {"system left\nram 64M # as much as the demo needs\nvdev ser8250 hostdev \">/dev/tty#1\"\n"},
    .check = nullptr};

}  // namespace qvm::config
