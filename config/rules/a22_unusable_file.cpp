// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/rules/rule.h"

namespace qvm::config {

const Rule kUnusableFile{.id = "A22",
                         .severity = Severity::error,
                         .title = "configuration file that cannot be read",
                         .documentation =
                             "A file named with '@' does not exist, cannot be read, is no text, is larger "
                             "than 1 MiB, reads itself, or there "
                             "are more than 64 of them or more than 8 nested in each other. Relative paths "
                             "are taken from the current "
                             "directory, or from the manifest's.",
                         .wrong = {"system left\nram 64M\n@missing.qvmconf\n"},
                         .right = {"system left\nram 64M\n"},
                         .check = nullptr};

}  // namespace qvm::config
