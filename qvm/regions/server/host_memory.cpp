// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/server/host_memory.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "qvm/base/control_groups.h"
#include "qvm/base/take_until.h"

namespace qvm::regions {
namespace {

std::uint64_t minus(std::uint64_t from, std::uint64_t what) {
  return from - std::min(from, what);
}

// What everybody else in the host or a control group is left with.
std::uint64_t margin_of(std::uint64_t total) {
  return total / 16;
}

// The number in the line that begins with key.
std::optional<std::uint64_t> number_of(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const std::string_view line = take_until(text, '\n');
    if (line.starts_with(key)) return number_in(line.substr(key.size()));
  }
  return std::nullopt;
}

// What the two versions of control groups call the same.
struct Hierarchy {
  ControlGroupVersion version;
  std::array<const char*, 2> limits;
  const char* used;
  // Lines of memory.stat: what the kernel takes back before it kills anybody. Memory of regions is not in
  // them.
  std::array<const char*, 3> reclaimable;
};
constexpr Hierarchy kVersion1{ControlGroupVersion::v1,
                              {"memory.limit_in_bytes", "memory.limit_in_bytes"},
                              "memory.usage_in_bytes",
                              {"total_inactive_file ", "total_active_file ", "total_slab_reclaimable "}};
constexpr Hierarchy kVersion2{ControlGroupVersion::v2,
                              {"memory.max", "memory.high"},
                              "memory.current",
                              {"inactive_file ", "active_file ", "slab_reclaimable "}};

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

// What the group of this process and those above it leave.
std::optional<std::uint64_t> left_in_groups(const ReadText& read, const Hierarchy& hierarchy) {
  std::optional<std::uint64_t> left;
  for (const std::string& directory : control_groups(hierarchy.version, "memory", read)) {
    if (const auto here = left_at(read, directory, hierarchy))
      left = std::min(left.value_or(UINT64_MAX), *here);
  }
  return left;
}

}  // namespace

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
