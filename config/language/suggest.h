// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The word that was probably meant.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "config/language/option_table.h"

namespace qvm::config {

// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other; capped at
// limit + 1.
std::size_t edit_distance(std::string_view left, std::string_view right, std::size_t limit);

struct Suggestion {
  std::string_view name;     // lives as long as the candidates
  std::size_t distance = 0;  // 0: a known other name for it
};

// The nearest candidate, if it is near enough to be meant (a third of its letters, at least one); the first
// of equals.
std::optional<Suggestion> suggest(std::string_view word, const std::vector<std::string_view>& candidates);

// The same over option tables, earlier tables first; "also called" words count as distance 0.
std::optional<Suggestion> suggest_option(std::string_view word,
                                         const std::vector<const OptionTable*>& tables);

}  // namespace qvm::config
