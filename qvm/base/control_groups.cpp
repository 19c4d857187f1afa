// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/base/control_groups.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "qvm/base/take_until.h"
#include "qvm/base/unique_fd.h"

namespace qvm {
namespace {

bool has_word(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    if (take_until(list, ',') == word) return true;
  }
  return false;
}

// The group of this process as /proc/self/cgroup tells it.
std::optional<std::string> group_in(std::string_view membership, std::string_view wanted) {
  while (!membership.empty()) {
    std::string_view line = take_until(membership, '\n');
    const std::string_view number = take_until(line, ':');
    const std::string_view controllers = take_until(line, ':');
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
std::optional<Mount> mount_in(std::string_view mounts, std::string_view file_system,
                              std::string_view wanted) {
  while (!mounts.empty()) {
    std::string_view line = take_until(mounts, '\n');
    for (int field = 0; field < 3; ++field) take_until(line, ' ');
    const std::string_view root = take_until(line, ' ');
    const std::string_view place = take_until(line, ' ');
    const auto dash = line.find(" - ");
    if (dash == std::string_view::npos) continue;
    line.remove_prefix(dash + 3);
    if (take_until(line, ' ') != file_system) continue;
    take_until(line, ' ');
    if (wanted.empty() || has_word(line, wanted)) return Mount{std::string(root), std::string(place)};
  }
  return std::nullopt;
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

std::vector<std::string> control_groups(ControlGroupVersion version, std::string_view controller,
                                        const ReadText& read) {
  const bool second = version == ControlGroupVersion::v2;
  // The hierarchy of version 2 has all controllers.
  const std::string wanted(second ? "" : controller);
  auto group = group_in(read("/proc/self/cgroup"), wanted);
  if (!group) return {};
  const std::string usual_place = second ? "/sys/fs/cgroup" : "/sys/fs/cgroup/" + wanted;
  const Mount mount = mount_in(read("/proc/self/mountinfo"), second ? "cgroup2" : "cgroup", wanted)
                          .value_or(Mount{"/", usual_place});
  // With a namespace of control groups the path starts at the namespace's, and "/.." is outside; without one
  // it starts at the host's. What cannot be found below the mount is above it.
  if (mount.root != "/") {
    const bool below = group->starts_with(mount.root) &&
                       (group->size() == mount.root.size() || (*group)[mount.root.size()] == '/');
    *group = below ? group->substr(mount.root.size()) : std::string();
  }
  if (group->starts_with("/..")) group->clear();
  std::vector<std::string> directories;
  for (;;) {
    if (group->ends_with('/')) group->pop_back();
    directories.push_back(mount.place + *group);
    if (group->empty()) return directories;
    group->erase(group->rfind('/'));
  }
}

std::vector<std::string> control_groups(std::string_view controller, const ReadText& read) {
  std::vector<std::string> directories = control_groups(ControlGroupVersion::v1, controller, read);
  for (std::string& directory : control_groups(ControlGroupVersion::v2, controller, read))
    directories.push_back(std::move(directory));
  return directories;
}

std::optional<std::uint64_t> number_in(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

}  // namespace qvm
