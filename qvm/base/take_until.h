// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Text in pieces, as the kernel's files below /proc have it.
#pragma once

#include <algorithm>
#include <string_view>

namespace qvm {

// Takes the text up to the next separator, or all of it, off its front; the separator goes, too.
inline std::string_view take_until(std::string_view& text, char separator) {
  const auto end = std::min(text.find(separator), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

}  // namespace qvm
