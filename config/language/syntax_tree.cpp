// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/language/syntax_tree.h"

#include "config/language/key_value.h"

namespace qvm::config {

const ParsedOption* continued_by(const UnknownWord& unknown, const SyntaxTree& tree) {
  if (unknown.items_before == 0) return nullptr;
  const ParsedOption& before = tree.items[unknown.items_before - 1];
  if (before.arguments.empty() || before.word.where.source != unknown.word.where.source) return nullptr;
  const std::string& last = before.arguments.back().text;
  const bool open = !last.empty() && (last.back() == ',' || last.back() == ':' || last.back() == '=');
  const bool key_values = split_key_value(last) && split_key_value(unknown.word.text);
  return open || unknown.word.text.starts_with(',') || key_values ? &before : nullptr;
}

}  // namespace qvm::config
