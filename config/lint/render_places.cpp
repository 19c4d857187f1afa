// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/lint/render_places.h"

#include <algorithm>
#include <string_view>

namespace qvm::config {
namespace {

std::uint32_t continuing(std::string_view text) {
  return static_cast<std::uint32_t>(std::count_if(text.begin(), text.end(), continues_character));
}

}  // namespace

LineColumn CharacterPlaces::place(SourceId source, std::uint32_t offset) {
  LineColumn result = x_sources.position(source, offset);
  const std::uint32_t start = x_sources.line_start(source, result.line);
  const std::string_view line = x_sources.text(source).substr(start);
  Counts& counts = x_counts[{source, result.line}];
  if (counts.empty()) counts.push_back(0);
  const std::uint32_t bytes = offset - start;
  while (counts.size() <= bytes / kStep) {
    const std::size_t from = (counts.size() - 1) * kStep;
    counts.push_back(counts.back() + continuing(line.substr(from, kStep)));
  }
  const std::uint32_t from = bytes / kStep * kStep;
  result.column -= counts[bytes / kStep] + continuing(line.substr(from, bytes - from));
  return result;
}

CharacterRegion CharacterPlaces::region(const SourceRange& where) {
  const LineColumn begin = place(where.source, where.begin);
  const LineColumn end = place(where.source, where.end);
  return {begin.line, begin.column, end.line, end.column};
}

}  // namespace qvm::config
