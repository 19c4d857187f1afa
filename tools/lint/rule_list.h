// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The rules as qvm-lint prints them.
#pragma once

#include <string>

#include "config/rules/rule.h"

namespace qvm::lint {

// One line per rule: id, severity, title.
std::string list_rules();

// Documentation and examples of one rule.
std::string explain(const config::Rule& rule);

}  // namespace qvm::lint
