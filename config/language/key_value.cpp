// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/language/key_value.h"
#include "config/text/ascii.h"

#include <algorithm>

namespace qvm::config {
namespace {

bool is_key_byte(char c) {
  return is_letter(c) || is_digit(c) || c == '_' || c == '-';
}

}  // namespace

std::optional<KeyValue> split_key_value(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0 || !is_letter(text.front())) return std::nullopt;
  const std::string_view key = text.substr(0, equals);
  if (!std::all_of(key.begin(), key.end(), is_key_byte)) return std::nullopt;
  return KeyValue{key, text.substr(equals + 1)};
}

std::optional<std::string> without_keys(std::string_view text) {
  std::string result;
  bool found = false;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    std::string_view part = text.substr(begin, end - begin);
    if (const auto pair = split_key_value(part)) {
      part = pair->value;
      found = true;
    }
    if (begin != 0) result += ',';
    result += part;
    begin = end + 1;
  }
  if (!found) return std::nullopt;
  return result;
}

}  // namespace qvm::config
