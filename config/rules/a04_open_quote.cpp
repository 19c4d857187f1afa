// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/rules/rule.h"

namespace qvm::config {

const Rule kOpenQuote{.id = "A04",
                      .severity = Severity::error,
                      .title = "quote that is never closed, or suspiciously late",
                      .documentation =
                          "A string in double quotes may go on over several lines. Without its closing quote "
                          "it would swallow the rest "
                          "of the file; it is taken to end with its line so that the rest can be checked. A "
                          "string of more than 20 "
                          "lines is a warning: it has probably lost its quote.",
                      .wrong = {"system left\nram 64M\ncmdline \"console=ttyS0\ncpu\n"},
                      .right = {"system left\nram 64M\ncmdline \"console=ttyS0\n  quiet\"\ncpu\n"},
                      .check = nullptr};

}  // namespace qvm::config
