// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Text in pieces, as the kernel's files below /proc have it.
#pragma once

#include <string_view>

namespace qvm {

// Takes the text up to the next separator, or all of it, off its front; the separator goes, too.
inline std::string_view take_until(std::string_view& text, char separator) {
  const auto end = text.find(separator);
  const std::string_view part = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return part;
}

}  // namespace qvm
