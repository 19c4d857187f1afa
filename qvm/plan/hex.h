// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Bytes as lower-case hexadecimal digits, for JSON.
#pragma once

#include <string>

namespace qvm::plan {

std::string to_hex(const std::string& bytes);
// Throws std::runtime_error for what to_hex() does not write.
std::string from_hex(const std::string& text);

}  // namespace qvm::plan
