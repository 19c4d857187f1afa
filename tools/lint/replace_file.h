// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Rewrites a file so that nobody ever sees half of it.
#pragma once

#include <string>
#include <string_view>

#include "qvm/base/result.h"

namespace qvm::lint {

// Writes text to a new file in the same directory and renames it to path. The file keeps its mode and, as far
// as the caller may, its owner; a symbolic link stays one and what it points at is replaced. After a failure
// the file is as it was and nothing is left beside it. Only regular files are replaced.
Result<void> replace_file(const std::string& path, std::string_view text);

}  // namespace qvm::lint
