// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Places in the units that other programs count in: characters, not bytes. Inside config/ only.
#pragma once

#include <cstdint>

#include "config/source.h"

namespace qvm::config {

// From the first character to just behind the last one, lines and columns from 1.
struct CharacterRegion {
  std::uint32_t begin_line = 1;
  std::uint32_t begin_column = 1;
  std::uint32_t end_line = 1;
  std::uint32_t end_column = 1;
};

// Of a valid range. A byte that is no UTF-8 counts as a character of its own if it does not continue one.
CharacterRegion character_region(const SourceRange& where, const SourceSet& sources);

// A byte inside a character of UTF-8, not its first.
inline bool continues_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

}  // namespace qvm::config
