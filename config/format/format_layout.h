// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Where lines begin in the canonical layout. Inside config/ only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace qvm::config {

// A word or a comment as it stands in the source, and what it is.
struct FormatToken {
  static constexpr std::size_t kNone = SIZE_MAX;

  std::string_view text;
  bool comment = false;

  // Of a word.
  std::size_t item = kNone;  // words of one option have the same; kNone: no option
  std::string_view option;   // its name; lives as long as the syntax tree
  bool opener = false;
  std::size_t context = 0;  // that the option belongs to or opens, or that was open at the word; 0: the VM
  bool inner = false;       // an option of that context
  bool groups_all = false;  // all options of the context belong together (cpu, reserve, pass)

  // How it stood.
  bool own_line = false;  // the first on its line
  bool after_blank_line = false;
  bool pinned = false;       // on a line that keeps its words
  std::uint32_t column = 0;  // from 0
};

// The lines of the layout, each ending with line_end.
std::string lay_out(const std::vector<FormatToken>& tokens, std::string_view line_end);

}  // namespace qvm::config
