// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Waiting for what happens in a directory.
#pragma once

#include <chrono>
#include <string>

#include "qvm/base/unique_fd.h"

namespace qvm::daemon {

// Notices what happens in the directory from its construction on.
class DirectoryWatch {
 public:
  explicit DirectoryWatch(std::string directory);

  // Returns when an entry came or went, or at the end of the time.
  void wait_for_change(std::chrono::milliseconds time) const;
  // Returns once the directory has no entry of that name; false if it still has at the end of the time.
  bool wait_until_gone(const std::string& name, std::chrono::milliseconds time) const;

 private:
  std::string x_directory;
  UniqueFd x_inotify;
};

}  // namespace qvm::daemon
