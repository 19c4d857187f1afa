// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/render_places.h"

#include <algorithm>
#include <string_view>

namespace qvm::config {
namespace {

LineColumn in_characters(SourceId source, std::uint32_t offset, const SourceSet& sources) {
  LineColumn place = sources.position(source, offset);
  const std::string_view before =
      sources.text(source).substr(sources.line_start(source, place.line), place.column - 1);
  place.column -=
      static_cast<std::uint32_t>(std::count_if(before.begin(), before.end(), continues_character));
  return place;
}

}  // namespace

CharacterRegion character_region(const SourceRange& where, const SourceSet& sources) {
  const LineColumn begin = in_characters(where.source, where.begin, sources);
  const LineColumn end = in_characters(where.source, where.end, sources);
  return {begin.line, begin.column, end.line, end.column};
}

}  // namespace qvm::config
