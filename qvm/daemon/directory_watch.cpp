// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/directory_watch.h"

#include <sys/inotify.h>
#include <sys/stat.h>

#include <array>
#include <utility>

#include "qvm/base/wait_for.h"

namespace qvm::daemon {

DirectoryWatch::DirectoryWatch(std::string directory)
    : x_directory(std::move(directory)), x_inotify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
  if (x_inotify)
    ::inotify_add_watch(x_inotify.get(), x_directory.c_str(), IN_CREATE | IN_DELETE | IN_MOVED_FROM);
}

void DirectoryWatch::wait_for_change(std::chrono::milliseconds time) const {
  wait_for(x_inotify.get(), POLLIN, time);
  std::array<char, 4096> events{};
  while (::read(x_inotify.get(), events.data(), events.size()) > 0) {
  }
}

bool DirectoryWatch::wait_until_gone(const std::string& name, std::chrono::milliseconds time) const {
  const auto end = std::chrono::steady_clock::now() + time;
  const std::string path = x_directory + "/" + name;
  struct stat facts {};
  while (::lstat(path.c_str(), &facts) == 0) {
    const std::chrono::milliseconds left(left_ms(end));
    if (left.count() == 0 || !x_inotify) return false;
    wait_for_change(left);
  }
  return true;
}

}  // namespace qvm::daemon
