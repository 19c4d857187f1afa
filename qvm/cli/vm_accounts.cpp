// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/vm_accounts.h"

#include <fmt/format.h>

#include <charconv>
#include <sstream>
#include <string>

namespace qvm::cli {
namespace {

// Below are the host's own accounts; all ones means "leave as it is" to the system calls that would take it.
constexpr std::uint32_t kLowest = 1000;
constexpr std::uint32_t kHighest = UINT32_MAX - 1;

bool parse(std::string_view text, std::uint32_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

Result<UidRange> parse_uid_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  UidRange range;
  if (dash == std::string_view::npos || !parse(text.substr(0, dash), range.first) ||
      !parse(text.substr(dash + 1), range.last) || range.first < kLowest || range.last > kHighest ||
      range.first > range.last) {
    return fail(fmt::format(
        "'{}' is no range of user numbers: two numbers of {} to {}, the lower first, as in '{}-{}'", text,
        kLowest, kHighest, UidRange().first, UidRange().last));
  }
  return range;
}

bool is_mapped(const UidRange& range, std::string_view map) {
  std::istringstream lines{std::string(map)};
  std::uint64_t inside = 0;
  std::uint64_t outside = 0;
  std::uint64_t count = 0;
  while (lines >> inside >> outside >> count) {
    if (range.first >= inside && range.last < inside + count) return true;
  }
  return false;
}

uid_t uid_for(const UidRange& range, std::string_view runtime_directory, std::string_view vm) {
  // FNV-1a; a path has no zero byte, so that no two pairs look the same.
  std::uint64_t hash = 14695981039346656037U;
  const auto add = [&hash](char c) { hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U; };
  for (const char c : runtime_directory) add(c);
  add('\0');
  for (const char c : vm) add(c);
  // The lower bits of FNV-1a alone spread names that differ in their last letters badly.
  hash ^= hash >> 32;
  const std::uint64_t size = std::uint64_t{range.last} - range.first + 1;
  return static_cast<uid_t>(range.first + hash % size);
}

}  // namespace qvm::cli
