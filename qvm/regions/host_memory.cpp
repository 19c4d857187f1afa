// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/host_memory.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "qvm/base/unique_fd.h"

namespace qvm::regions {
namespace {

// The number after key, past blanks.
std::optional<std::uint64_t> number_after(std::string_view text, std::string_view key) {
  const auto at = text.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + key.size());
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

// What the group and those above it leave; "max" as a limit is none.
std::optional<std::uint64_t> left_in_group(const ReadText& read) {
  const std::string membership = read("/proc/self/cgroup");
  const auto line = membership.starts_with("0::") ? 0 : membership.find("\n0::");
  if (line == std::string::npos) return std::nullopt;
  const auto begin = membership.find("0::", line) + 3;
  std::string group = membership.substr(begin, membership.find('\n', begin) - begin);
  std::optional<std::uint64_t> left;
  while (group.size() > 1) {
    const auto limit = number_after(read("/sys/fs/cgroup" + group + "/memory.max"), "");
    const auto used = number_after(read("/sys/fs/cgroup" + group + "/memory.current"), "");
    if (limit && used) left = std::min(left.value_or(UINT64_MAX), *limit - std::min(*limit, *used));
    group.erase(group.rfind('/'));
  }
  return left;
}

}  // namespace

std::string read_text(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 8192> text;
  const ssize_t got = file ? ::read(file.get(), text.data(), text.size()) : -1;
  return got > 0 ? std::string(text.data(), static_cast<std::size_t>(got)) : std::string();
}

std::optional<std::uint64_t> spare_memory(const ReadText& read) {
  constexpr std::uint64_t kKib = 1024;
  const std::string info = read("/proc/meminfo");
  const auto available = number_after(info, "MemAvailable:");
  const auto total = number_after(info, "MemTotal:");
  std::optional<std::uint64_t> spare;
  if (available && total) spare = (*available - std::min(*available, *total / 16)) * kKib;
  if (const auto group = left_in_group(read)) spare = std::min(spare.value_or(UINT64_MAX), *group);
  return spare;
}

}  // namespace qvm::regions
