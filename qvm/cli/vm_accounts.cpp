// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/vm_accounts.h"

#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "qvm/base/fnv.h"

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

IdMaps IdMaps::of_this_process() {
  const auto read = [](const char* path) {
    std::ifstream file(path);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  return {.users = read("/proc/self/uid_map"), .groups = read("/proc/self/gid_map")};
}

uid_t uid_for(const UidRange& range, std::string_view runtime_directory, std::string_view vm) {
  Fnv hash;
  hash.add(runtime_directory);
  hash.add('\0');  // a path has none, so that no two pairs look the same
  hash.add(vm);
  const std::uint64_t size = std::uint64_t{range.last} - range.first + 1;
  return static_cast<uid_t>(range.first + hash.value() % size);
}

}  // namespace qvm::cli
