// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Mounts that nobody sees but this process and what it starts.
#pragma once

#include <sched.h>
#include <sys/mount.h>

#include <string>
#include <vector>

namespace qvm::test {

// What it mounts is gone with it. Only root may mount, and not in every container.
class OwnMounts {
 public:
  OwnMounts() = default;
  OwnMounts(const OwnMounts&) = delete;
  OwnMounts& operator=(const OwnMounts&) = delete;
  ~OwnMounts() {
    for (auto place = x_places.rbegin(); place != x_places.rend(); ++place)
      ::umount2(place->c_str(), MNT_DETACH);
  }

  // Before the others; false: there are none to be had here.
  bool begin() {
    return ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  }
  // An empty file system at directory; flags: MS_NOEXEC and the like. options: "size=16m".
  bool mount_empty(const std::string& directory, unsigned long flags,
                   const std::string& options = "size=50%") {
    if (::mount("qvm-test", directory.c_str(), "tmpfs", flags, ("mode=0755," + options).c_str()) != 0)
      return false;
    x_places.push_back(directory);
    return true;
  }
  // What is in directory can be read and not written.
  bool make_read_only(const std::string& directory) {
    if (::mount(directory.c_str(), directory.c_str(), nullptr, MS_BIND, nullptr) != 0) return false;
    x_places.push_back(directory);
    return ::mount(nullptr, directory.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr) == 0;
  }

 private:
  std::vector<std::string> x_places;
};

}  // namespace qvm::test
