// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/rules/rule.h"

namespace qvm::config {

const Rule kOtherSubstitution{.id = "A11",
                              .severity = Severity::warning,
                              .title = "'${NAME}' is not replaced",
                              .documentation =
                                  "The values of environment variables are put in place of '$env{NAME}'. "
                                  "'${NAME}' is a shell's notation and "
                                  "stays as it is, which is rarely wanted.",
                              .wrong = {"system left\nram 64M\ncmdline \"root=${ROOT}\"\n"},
                              .right = {"system left\nram 64M\ncmdline \"root=$env{HOME}\"\n"},
                              .check = nullptr};

}  // namespace qvm::config
