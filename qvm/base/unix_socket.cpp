// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/base/unix_socket.h"

#include <fcntl.h>

#include <array>
#include <cerrno>

namespace qvm {

std::optional<sockaddr_un> unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return std::nullopt;
  path.copy(address.sun_path, path.size());
  return address;
}

Result<UniqueFd> connect_unix(const std::string& path, int kind) {
  const std::string what = "connect to '" + path + "'";
  UniqueFd socket(::socket(AF_UNIX, kind | SOCK_CLOEXEC, 0));
  if (!socket) return fail_errno(what);
  auto address = unix_address(path);
  UniqueFd directory;
  if (!address) {
    // By way of its directory, for which a short path can be had.
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return fail_errno(what, ENAMETOOLONG);
    directory.reset(::open(path.substr(0, slash).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!directory) return fail_errno(what);
    address = unix_address("/proc/self/fd/" + std::to_string(directory.get()) + path.substr(slash));
    if (!address) return fail_errno(what, ENAMETOOLONG);
  }
  // NOLINTNEXTLINE: the socket interface takes every address as a sockaddr
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0)
    return fail_errno(what);
  return socket;
}

Result<SocketPair> make_socket_pair(int kind) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, kind | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return fail_errno("make a pair of sockets");
  return SocketPair{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::optional<ucred> peer_credentials(int socket) {
  ucred peer{};
  socklen_t length = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return std::nullopt;
  return peer;
}

}  // namespace qvm
