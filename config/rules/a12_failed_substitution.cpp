// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/rules/rule.h"

namespace qvm::config {

const Rule kFailedSubstitution{.id = "A12",
                               .severity = Severity::error,
                               .title = "substitution that cannot be done",
                               .documentation =
                                   "'$env{NAME}' needs an environment variable that is set. "
                                   "'$asinfo_start{entry}' and '$asinfo_length{entry}' "
                                   "ask for entries of QNX's system page, which a Linux host does not have: "
                                   "write the number, or take it "
                                   "from the environment.",
                               .wrong = {"system left\nram $env{GUEST_RAM}\n"},
                               .right = {"system left\nram 64M\nload $env{HOME}/../guest.elf\n"},
                               .check = nullptr};

}  // namespace qvm::config
