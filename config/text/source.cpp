// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/text/source.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

namespace qvm::config {

SourceId SourceSet::add(std::string name, std::string text) {
  // Offsets are 32 bits wide; every reader caps its texts far below.
  assert(text.size() < std::numeric_limits<std::uint32_t>::max());
  Source source{std::move(name), std::move(text), {}};
  source.line_starts.push_back(0);
  for (std::size_t at = source.text.find('\n'); at != std::string::npos; at = source.text.find('\n', at + 1))
    source.line_starts.push_back(static_cast<std::uint32_t>(at + 1));
  x_sources.push_back(std::move(source));
  return static_cast<SourceId>(x_sources.size() - 1);
}

const SourceSet::Source& SourceSet::at(SourceId id) const {
  assert(id < x_sources.size());
  return x_sources[id];
}

std::string_view SourceSet::name(SourceId id) const {
  return at(id).name;
}

std::string_view SourceSet::text(SourceId id) const {
  return at(id).text;
}

LineColumn SourceSet::position(SourceId id, std::uint32_t offset) const {
  const Source& source = at(id);
  const auto after = std::upper_bound(source.line_starts.begin(), source.line_starts.end(), offset);
  const auto line = static_cast<std::uint32_t>(after - source.line_starts.begin());
  return {line, offset - source.line_starts[line - 1] + 1};
}

std::uint32_t SourceSet::line_start(SourceId id, std::uint32_t line_number) const {
  const Source& source = at(id);
  assert(line_number >= 1 && line_number <= source.line_starts.size());
  return source.line_starts[line_number - 1];
}

std::string_view SourceSet::line(SourceId id, std::uint32_t line_number) const {
  const Source& source = at(id);
  const std::uint32_t start = line_start(id, line_number);
  // Not searched for: a line can be as long as the file, and be asked for once per finding.
  const std::size_t end =
      line_number < source.line_starts.size() ? source.line_starts[line_number] - 1 : source.text.size();
  std::string_view line = std::string_view(source.text).substr(start, end - start);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string SourceSet::describe(const SourceRange& where) const {
  if (!where.valid()) return {};
  const LineColumn place = position(where.source, where.begin);
  return at(where.source).name + ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
}

}  // namespace qvm::config
