// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Numbers as QNX's language writes them: the base depends on the position.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "qvm/base/result.h"

namespace qvm::config {

enum class NumberKind {
  address,  // hexadecimal without a prefix; decimal without a prefix but with a suffix
  size,     // decimal without a prefix; suffixes allowed
  plain     // decimal without a prefix; no suffix
};

struct Number {
  std::uint64_t value = 0;
  bool prefixed = false;  // 0x or 0d
  char suffix = 0;        // 'K', 'M', 'G' or 0
  // An address without a prefix that would be another one in the other base.
  bool base_matters = false;
};

struct NumberProblem {
  std::string message;  // "'12z4' is not a number", lower case, no full stop
  std::string help;     // may be empty
  std::string better;   // what to write instead, when that is certain enough to offer; may be empty
};

// The whole text must be one number that fits 64 bits, suffix included.
tl::expected<Number, NumberProblem> parse_number(std::string_view text, NumberKind kind);

// The number after "0x" if another reader of text (the interface of vdevs: decimal, 0x…, 0d… in small
// letters, with K, M or G) has another one or none; else empty.
std::string clear_number(std::string_view text, std::uint64_t number);

// Octal without a prefix, for modes and umasks: "640", "0640".
tl::expected<std::uint32_t, NumberProblem> parse_mode(std::string_view text);

// Digits of any base with an optional prefix and suffix: may be meant as a number.
bool looks_like_number(std::string_view text);

}  // namespace qvm::config
