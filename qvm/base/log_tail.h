// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What a program that was started in the background said last, for whoever started it.
#pragma once

#include <sys/types.h>

#include <string>

namespace qvm {

// Length of a file, 0 if there is none.
off_t length_of(const std::string& path);

// The last line that is not empty, of what the file has after its first `from` bytes; empty if there is none.
std::string last_line_after(const std::string& path, off_t from);

}  // namespace qvm
