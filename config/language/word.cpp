// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/language/word.h"

#include <algorithm>

namespace qvm::config {

SourceRange Word::part(std::size_t begin, std::size_t end) const {
  if (begin >= end || begin >= text.size()) return {where.source, where.end, where.end};
  end = std::min(end, text.size());
  if (bytes.empty()) {
    return {where.source, where.begin + static_cast<std::uint32_t>(begin),
            where.begin + static_cast<std::uint32_t>(end)};
  }
  return {where.source, bytes[begin].begin, bytes[end - 1].end};
}

}  // namespace qvm::config
