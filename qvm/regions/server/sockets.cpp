// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/server/sockets.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>

namespace qvm::regions {

gid_t own_group() {
  return ::getegid();
}

Result<UniqueFd> private_directory(int parent, const std::string& name, mode_t mode) {
  const bool made = ::mkdirat(parent, name.c_str(), 0700) == 0;
  if (!made && errno != EEXIST) return fail_errno("make directory " + name);
  UniqueFd directory(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory) return fail_errno("open directory " + name);
  struct stat info {};
  if (::fstat(directory.get(), &info) != 0) return fail_errno("look at directory " + name);
  if (info.st_uid != ::geteuid()) return fail("directory " + name + " belongs to somebody else");
  if ((info.st_mode & 022) != 0) return fail("directory " + name + " is writable by others");
  if (made && ::fchmod(directory.get(), mode) != 0) return fail_errno("set the mode of directory " + name);
  return directory;
}

Result<void> open_to_group(int directory, mode_t mode, gid_t group) {
  if (::geteuid() == 0 && ::fchown(directory, static_cast<uid_t>(-1), group) != 0) {
    return fail_errno("give a directory its group");
  }
  if (::fchmod(directory, mode) != 0) return fail_errno("set the mode of a directory");
  return {};
}

Result<UniqueFd> listen_in(int directory, std::string_view name, mode_t mode, gid_t group) {
  const std::string what = "listen on " + std::string(name);
  UniqueFd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return fail_errno(what);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // Through the descriptor: the path may be longer than an address holds, and cannot be exchanged under us.
  const int size = std::snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%.*s",
                                 directory, static_cast<int>(name.size()), name.data());
  if (static_cast<std::size_t>(size) >= sizeof address.sun_path) return fail_errno(what, ENAMETOOLONG);
  const std::string file(name);
  if (::unlinkat(directory, file.c_str(), 0) != 0 && errno != ENOENT)
    return fail_errno(what + ": remove the old socket");
  // Nobody connects before listen(), so that owner and mode are right in time.
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return fail_errno(what);
  if (::geteuid() == 0 && ::fchownat(directory, file.c_str(), 0, group, AT_SYMLINK_NOFOLLOW) != 0) {
    return fail_errno(what + ": set its group");
  }
  if (::fchmodat(directory, file.c_str(), mode, 0) != 0) return fail_errno(what + ": set its mode");
  if (::listen(socket.get(), SOMAXCONN) != 0) return fail_errno(what);
  return socket;
}

UniqueFd accept_from(int listener) {
  return UniqueFd(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

}  // namespace qvm::regions
