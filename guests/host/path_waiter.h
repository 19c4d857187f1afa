// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Sleeps until something happens where a path is to appear.
#pragma once

#include <string>

namespace hello {

// Watches the path's nearest directory that exists, for the path itself or for the next directory on the way
// to it. One use: watch(), look whether it is there, wait() if not.
class PathWaiter {
 public:
  PathWaiter() = default;
  ~PathWaiter();
  PathWaiter(const PathWaiter&) = delete;
  PathWaiter& operator=(const PathWaiter&) = delete;

  // False if nothing can be watched (no inotify, no readable directory).
  bool watch(const std::string& path);
  // Returns when something came or changed there since watch(). False after that time, or on an error.
  bool wait(int milliseconds) const;

 private:
  int inotify_ = -1;
};

}  // namespace hello
