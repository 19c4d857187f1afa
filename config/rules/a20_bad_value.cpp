// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/rules/rule.h"

namespace qvm::config {

const Rule kBadValue{.id = "A20",
                     .severity = Severity::error,
                     .title = "argument that is not what the option takes",
                     .documentation =
                         "A number with digits of another base or beyond 64 bits, a word that is not one of "
                         "those allowed, a location "
                         "or interrupt in another form: the option's documentation says what it takes.",
                     .wrong = {"system left\nram 64MB\nlogger error,wran stderr\n"},
                     .right = {"system left\nram 64M\nlogger error,warn stderr\n"},
                     .check = nullptr};

}  // namespace qvm::config
