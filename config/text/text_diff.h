// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The difference of two texts as `diff -u` and `patch` know it.
#pragma once

#include <string>
#include <string_view>

namespace qvm::config {

// "" if the texts are the same; else "--- NAME", "+++ NAME" and hunks with three lines around each change.
// Of texts that have little in common it says that everything between their equal ends is replaced: the cost
// is bounded.
std::string unified_diff(std::string_view name, std::string_view before, std::string_view after);

}  // namespace qvm::config
