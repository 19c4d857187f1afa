// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Enumerations as words: one table for writing and for reading.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace qvm {

template <class Enum, std::size_t Count>
using Names = std::array<std::pair<Enum, std::string_view>, Count>;

// "?" if the table lacks the value.
template <class Enum, std::size_t Count>
constexpr std::string_view name_of(const Names<Enum, Count>& names, Enum value) {
  for (const auto& [known, name] : names) {
    if (known == value) return name;
  }
  return "?";
}

// Exact match only.
template <class Enum, std::size_t Count>
constexpr std::optional<Enum> value_of(const Names<Enum, Count>& names, std::string_view text) {
  for (const auto& [value, name] : names) {
    if (name == text) return value;
  }
  return std::nullopt;
}

}  // namespace qvm
