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

std::uint64_t minus(std::uint64_t from, std::uint64_t what) {
  return from - std::min(from, what);
}

// What everybody else in the host or a control group is left with.
std::uint64_t margin_of(std::uint64_t total) {
  return total / 16;
}

// Takes the text up to the next of these off its front; the separator goes, too.
std::string_view take_until(std::string_view& text, char separator) {
  const auto end = std::min(text.find(separator), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

// The number with which the text begins, past blanks; "max" is none.
std::optional<std::uint64_t> number_in(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

// The number in the line that begins with key.
std::optional<std::uint64_t> number_of(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const std::string_view line = take_until(text, '\n');
    if (line.starts_with(key)) return number_in(line.substr(key.size()));
  }
  return std::nullopt;
}

bool has_word(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    if (take_until(list, ',') == word) return true;
  }
  return false;
}

// What the two versions of control groups call the same.
struct Hierarchy {
  const char* file_system;
  const char* usual_place;
  const char* controller;  // empty: the hierarchy has all
  std::array<const char*, 2> limits;
  const char* used;
  // Lines of memory.stat: what the kernel takes back before it kills anybody. Memory of regions is not in
  // them.
  std::array<const char*, 3> reclaimable;
};
constexpr Hierarchy kVersion1{"cgroup",
                              "/sys/fs/cgroup/memory",
                              "memory",
                              {"memory.limit_in_bytes", "memory.limit_in_bytes"},
                              "memory.usage_in_bytes",
                              {"total_inactive_file ", "total_active_file ", "total_slab_reclaimable "}};
constexpr Hierarchy kVersion2{"cgroup2",
                              "/sys/fs/cgroup",
                              "",
                              {"memory.max", "memory.high"},
                              "memory.current",
                              {"inactive_file ", "active_file ", "slab_reclaimable "}};

// The group of this process as /proc/self/cgroup tells it.
std::optional<std::string> group_in(std::string_view membership, const Hierarchy& hierarchy) {
  while (!membership.empty()) {
    std::string_view line = take_until(membership, '\n');
    const std::string_view number = take_until(line, ':');
    const std::string_view controllers = take_until(line, ':');
    const std::string_view wanted = hierarchy.controller;
    if (wanted.empty() ? number == "0" && controllers.empty() : has_word(controllers, wanted))
      return std::string(line);
  }
  return std::nullopt;
}

// A container sees a part of the hierarchy only.
struct Mount {
  std::string root;  // the group that is to be seen at `place`
  std::string place;
};

// See proc(5): "36 35 98:0 /root /place options optional-fields - type source super-options".
Mount mount_in(std::string_view mounts, const Hierarchy& hierarchy) {
  while (!mounts.empty()) {
    std::string_view line = take_until(mounts, '\n');
    for (int field = 0; field < 3; ++field) take_until(line, ' ');
    const std::string_view root = take_until(line, ' ');
    const std::string_view place = take_until(line, ' ');
    const auto dash = line.find(" - ");
    if (dash == std::string_view::npos) continue;
    line.remove_prefix(dash + 3);
    if (take_until(line, ' ') != hierarchy.file_system) continue;
    take_until(line, ' ');
    const std::string_view wanted = hierarchy.controller;
    if (wanted.empty() || has_word(line, wanted)) return {std::string(root), std::string(place)};
  }
  return {"/", hierarchy.usual_place};
}

std::optional<std::uint64_t> left_at(const ReadText& read, const std::string& directory,
                                     const Hierarchy& hierarchy) {
  const auto used = number_in(read(directory + "/" + hierarchy.used));
  if (!used) return std::nullopt;
  std::optional<std::uint64_t> limit;
  for (const char* file : hierarchy.limits) {
    if (const auto one = number_in(read(directory + "/" + file)))
      limit = std::min(limit.value_or(UINT64_MAX), *one);
  }
  if (!limit) return std::nullopt;
  const std::string statistics = read(directory + "/memory.stat");
  std::uint64_t kept = *used;
  for (const char* line : hierarchy.reclaimable) kept = minus(kept, number_of(statistics, line).value_or(0));
  return minus(minus(*limit, margin_of(*limit)), kept);
}

// What the group of this process and those above it leave, as far as they can be seen from here.
std::optional<std::uint64_t> left_in_groups(const ReadText& read, const Hierarchy& hierarchy) {
  auto group = group_in(read("/proc/self/cgroup"), hierarchy);
  if (!group) return std::nullopt;
  const Mount mount = mount_in(read("/proc/self/mountinfo"), hierarchy);
  // With a namespace of control groups the path starts at the namespace's, and "/.." is outside; without one
  // it starts at the host's. What cannot be found below the mount is above it.
  if (mount.root != "/") {
    const bool below = group->starts_with(mount.root) &&
                       (group->size() == mount.root.size() || (*group)[mount.root.size()] == '/');
    *group = below ? group->substr(mount.root.size()) : std::string();
  }
  if (group->starts_with("/..")) group->clear();
  std::optional<std::uint64_t> left;
  for (;;) {
    if (group->ends_with('/')) group->pop_back();
    if (const auto here = left_at(read, mount.place + *group, hierarchy))
      left = std::min(left.value_or(UINT64_MAX), *here);
    if (group->empty()) return left;
    group->erase(group->rfind('/'));
  }
}

}  // namespace

std::string read_text(const std::string& path) {
  constexpr std::size_t kMost = 1 << 20;
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  std::array<char, 8192> part;
  ssize_t got = 0;
  while (file && text.size() < kMost && (got = ::read(file.get(), part.data(), part.size())) > 0) {
    text.append(part.data(), static_cast<std::size_t>(got));
  }
  return text;
}

std::optional<std::uint64_t> spare_memory(const ReadText& read) {
  constexpr std::uint64_t kKib = 1024;
  const std::string info = read("/proc/meminfo");
  const auto available = number_of(info, "MemAvailable:");
  const auto total = number_of(info, "MemTotal:");
  std::optional<std::uint64_t> spare;
  if (available && total) spare = minus(*available, margin_of(*total)) * kKib;
  for (const Hierarchy& hierarchy : {kVersion1, kVersion2}) {
    if (const auto left = left_in_groups(read, hierarchy))
      spare = std::min(spare.value_or(UINT64_MAX), *left);
  }
  return spare;
}

bool SmallChange::take(std::uint64_t bytes, std::chrono::steady_clock::time_point now) {
  const std::lock_guard lock(x_mutex);
  if (bytes > x_left || now - x_asked >= kFresh) {
    const auto spare = x_ask();
    x_asked = now;
    x_left = std::min(spare.value_or(UINT64_MAX), kMost);
    if (bytes > x_left) return false;
  }
  x_left -= bytes;
  return true;
}

}  // namespace qvm::regions
