// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Bytes as lower-case hexadecimal digits, for JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace qvm {

std::string to_hex(std::string_view bytes);
// nullopt for what to_hex() does not write.
std::optional<std::string> from_hex(std::string_view text);

}  // namespace qvm
