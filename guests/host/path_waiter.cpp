// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "guests/host/path_waiter.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <filesystem>

namespace hello {

PathWaiter::~PathWaiter() {
  if (inotify_ >= 0) ::close(inotify_);
}

bool PathWaiter::watch(const std::string& path) {
  if (inotify_ >= 0) ::close(inotify_);
  inotify_ = ::inotify_init1(IN_CLOEXEC);
  if (inotify_ < 0) return false;
  std::error_code failure;
  std::filesystem::path directory = std::filesystem::absolute(path, failure).parent_path();
  while (!failure) {
    if (::inotify_add_watch(inotify_, directory.c_str(), IN_CREATE | IN_MOVED_TO | IN_ATTRIB) >= 0)
      return true;
    if (directory == directory.root_path()) return false;
    directory = directory.parent_path();
  }
  return false;
}

bool PathWaiter::wait(int milliseconds) const {
  pollfd event{.fd = inotify_, .events = POLLIN, .revents = 0};
  return ::poll(&event, 1, milliseconds) == 1;
}

}  // namespace hello
