// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// A word of a configuration: what options and arguments are made of.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/text/source.h"

namespace qvm::config {

// Caps on what is read; beyond them the input is no configuration.
inline constexpr std::uint64_t kMaximumFileBytes = 1U << 20;
inline constexpr std::size_t kMaximumWordBytes = 16U << 10;
inline constexpr std::size_t kMaximumWords = 20'000;
inline constexpr std::size_t kMaximumFiles = 64;  // per VM
inline constexpr std::size_t kMaximumIncludeDepth = 8;
inline constexpr std::size_t kMaximumProblems = 1000;  // with substitutions of one text that are told

struct Word {
  std::string text;         // after substitution, quotes removed, lines joined
  SourceRange where;        // as written, quotes included
  bool quoted = false;      // some of it stood in quotes
  bool unresolved = false;  // a substitution in it failed (reported): do not judge its value
  bool on_command_line = false;
  // Source range of each byte of text; empty when text is the source bytes of `where`.
  std::vector<SourceRange> bytes;

  // Where the bytes [begin, end) of text were written; the end of the word if they are past it.
  SourceRange part(std::size_t begin, std::size_t end) const;
};

}  // namespace qvm::config
