// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Options that can be had with one value only.
#pragma once

#include "config/language/syntax_tree.h"

namespace qvm::config {

// Whether a value makes an option something that can be had, which it is not with every value.
bool has_exact_value(const ParsedOption& item);

}  // namespace qvm::config
