// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// `key=value` notation: never part of the language, but often written. Recognised so that it can be reported
// well and reading can go on as if it had been written properly.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace qvm::config {

struct KeyValue {
  std::string_view key;
  std::string_view value;  // may be empty
};

// "addr=0x1000" of letters, digits, '_' and '-' before the first '='; nullopt for anything else.
std::optional<KeyValue> split_key_value(std::string_view text);

// "addr=0x1000,size=4K" without its keys, "0x1000,4K"; nullopt if no part has one.
std::optional<std::string> without_keys(std::string_view text);

}  // namespace qvm::config
