// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/language/numbers.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "config/text/ascii.h"

namespace qvm::config {
namespace {

struct Parts {
  std::string_view digits;
  std::optional<int> base;  // from the prefix
  char suffix = 0;
};

Parts split(std::string_view text) {
  Parts parts;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    parts.base = 16;
  } else if ((text.starts_with("0d") || text.starts_with("0D")) && text.size() > 2 &&
             std::all_of(text.begin() + 2, text.end() - 1, is_digit)) {
    // "0d" is also a valid start of a hexadecimal address ("0dc00a"): only digits make it the decimal prefix.
    const char last = text.back();
    if (is_digit(last) || std::string_view("kKmMgG").find(last) != std::string_view::npos) parts.base = 10;
  }
  parts.digits = parts.base ? text.substr(2) : text;
  if (!parts.digits.empty()) {
    const std::size_t index = std::string_view("kKmMgG").find(parts.digits.back());
    if (index != std::string_view::npos) {
      parts.suffix = "KKMMGG"[index];
      parts.digits.remove_suffix(1);
    }
  }
  return parts;
}

std::uint64_t factor(char suffix) {
  switch (suffix) {
    case 'K':
      return std::uint64_t{1} << 10;
    case 'M':
      return std::uint64_t{1} << 20;
    case 'G':
      return std::uint64_t{1} << 30;
    default:
      return 1;
  }
}

std::string quote(std::string_view text) {
  return "'" + std::string(text) + "'";
}

NumberProblem not_a_number(std::string_view text, NumberKind kind) {
  switch (kind) {
    case NumberKind::address:
      return {
          quote(text) + " is not an address", "write hexadecimal digits after '0x', as in 0x1c050000", {}};
    case NumberKind::size:
      return {quote(text) + " is not a size",
              "write decimal digits with K, M or G, as in 512M, or 0x and hexadecimal digits",
              {}};
    case NumberKind::plain:
      return {quote(text) + " is not a number", "write decimal digits, or 0x and hexadecimal digits", {}};
  }
  return {};
}

// The digits do not fit the base of the position; say what was probably meant.
NumberProblem wrong_digits(std::string_view text, const Parts& parts, NumberKind kind) {
  NumberProblem problem = not_a_number(text, kind);
  const bool hexadecimal =
      !parts.digits.empty() && std::all_of(parts.digits.begin(), parts.digits.end(), is_hex_digit);
  const bool has_digit = std::any_of(parts.digits.begin(), parts.digits.end(), is_digit);
  if (!parts.base && hexadecimal && has_digit) {
    problem.message += ": without a prefix the digits are decimal";
    problem.better = "0x" + std::string(text);
    problem.help = "write " + problem.better;
  }
  const std::string_view binary_units[] = {"KB", "MB", "GB", "KiB", "MiB", "GiB", "kB"};
  for (const std::string_view unit : binary_units) {
    if (!text.ends_with(unit) || text.size() == unit.size()) continue;
    problem.better = std::string(text.substr(0, text.size() - unit.size() + 1));
    problem.help = "the suffixes are K, M and G: write " + problem.better;
  }
  if (text.ends_with('T') || text.ends_with('t')) problem.help = "the suffixes are K, M and G: 1T is 1024G";
  return problem;
}

}  // namespace

tl::expected<Number, NumberProblem> parse_number(std::string_view text, NumberKind kind) {
  const Parts parts = split(text);
  if (parts.suffix != 0 && kind == NumberKind::plain) {
    return tl::unexpected(NumberProblem{quote(text) + " is not a number: no suffix is allowed here", {}, {}});
  }
  int base = 10;
  if (parts.base) {
    base = *parts.base;
  } else if (kind == NumberKind::address && parts.suffix == 0) {
    base = 16;
  }
  const auto fits = base == 16 ? is_hex_digit : is_digit;
  if (parts.digits.empty() || !std::all_of(parts.digits.begin(), parts.digits.end(), fits)) {
    return tl::unexpected(wrong_digits(text, parts, kind));
  }
  Number number;
  const char* end = parts.digits.data() + parts.digits.size();
  const auto converted = std::from_chars(parts.digits.data(), end, number.value, base);
  const std::uint64_t scale = factor(parts.suffix);
  if (converted.ec != std::errc() || number.value > std::numeric_limits<std::uint64_t>::max() / scale) {
    return tl::unexpected(NumberProblem{quote(text) + " does not fit 64 bits", {}, {}});
  }
  number.base_matters = kind == NumberKind::address && !parts.base && number.value > 9;
  number.value *= scale;
  number.prefixed = parts.base.has_value();
  number.suffix = parts.suffix;
  return number;
}

std::string clear_number(std::string_view text, std::uint64_t number) {
  const auto read = parse_number(text, NumberKind::size);
  const bool small = !text.starts_with("0X") && !text.starts_with("0D");
  return read && read->value == number && small ? std::string() : fmt::format("{:#x}", number);
}

tl::expected<std::uint32_t, NumberProblem> parse_mode(std::string_view text) {
  std::uint32_t mode = 0;
  const auto converted = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (text.empty() || converted.ec != std::errc() || converted.ptr != text.data() + text.size() ||
      mode > 07777) {
    return tl::unexpected(
        NumberProblem{quote(text) + " is not a mode", "write up to four octal digits, as in 0640", {}});
  }
  return mode;
}

bool looks_like_number(std::string_view text) {
  const Parts parts = split(text);
  return !parts.digits.empty() && std::all_of(parts.digits.begin(), parts.digits.end(), is_hex_digit);
}

}  // namespace qvm::config
