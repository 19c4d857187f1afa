// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Places in the units that other programs count in: characters, not bytes. Inside config/ only.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "config/text/source.h"

namespace qvm::config {

// From the first character to just behind the last one, lines and columns from 1.
struct CharacterRegion {
  std::uint32_t begin_line = 1;
  std::uint32_t begin_column = 1;
  std::uint32_t end_line = 1;
  std::uint32_t end_column = 1;
};

// Counts characters. A byte that is no UTF-8 counts as a character of its own if it does not continue one.
class CharacterPlaces {
 public:
  // sources outlives the object, and gets no further texts while it is used.
  explicit CharacterPlaces(const SourceSet& sources) : x_sources(sources) {}

  // Of a valid range.
  CharacterRegion region(const SourceRange& where);

 private:
  // How many bytes in a line before each multiple of kStep continue a character. Many findings can be on one
  // line that is as long as a file.
  using Counts = std::vector<std::uint32_t>;
  static constexpr std::uint32_t kStep = 512;

  LineColumn place(SourceId source, std::uint32_t offset);

  const SourceSet& x_sources;
  std::map<std::pair<SourceId, std::uint32_t>, Counts> x_counts;  // of lines that are asked for
};

// A byte inside a character of UTF-8, not its first.
inline bool continues_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

}  // namespace qvm::config
