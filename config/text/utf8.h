// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Tells text from other bytes.
#pragma once

#include <cstddef>
#include <string_view>

namespace qvm::config {

// Offset of the first byte that is not part of a valid UTF-8 character (as XML 1.0 has them: no surrogates,
// not U+FFFE or U+FFFF), or that is a control character not in allowed; npos if there is none.
std::size_t find_non_text(std::string_view text, std::string_view allowed);

}  // namespace qvm::config
