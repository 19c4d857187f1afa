// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/server/process.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "qvm/base/pidfd.h"
#include "qvm/base/unix_socket.h"

namespace qvm::regions {

std::optional<std::uint64_t> start_time_of(pid_t pid) {
  std::array<char, 32> path{};
  std::snprintf(path.data(), path.size(), "/proc/%d/stat", static_cast<int>(pid));
  const UniqueFd file(::open(path.data(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  std::array<char, 1024> text{};
  const ssize_t got = ::read(file.get(), text.data(), text.size());
  if (got <= 0) return std::nullopt;
  std::string_view rest(text.data(), static_cast<std::size_t>(got));
  // The second field is the program's name in parentheses and may contain anything; field 22 is the start
  // time.
  const auto name_end = rest.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  rest.remove_prefix(name_end + 1);
  for (int field = 3; field <= 22; ++field) {
    const auto space = rest.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(space + 1);
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

UniqueFd open_process(pid_t pid, std::uint64_t start_time) {
  if (pid <= 0 || start_time == 0) return {};
  UniqueFd pidfd = open_pidfd(pid);
  // Looked at after the descriptor was opened: if it fits, the descriptor is the right process's.
  if (pidfd && start_time_of(pid) != start_time) pidfd.reset();
  return pidfd;
}

Result<PeerProcess> peer_of(int socket) {
  const auto credentials = peer_credentials(socket);
  if (!credentials) return fail_errno("ask for the peer's credentials");
  PeerProcess peer;
  peer.pid = credentials->pid;
  peer.identity.uid = credentials->uid;
  peer.identity.gid = credentials->gid;
  socklen_t groups_size = 0;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, nullptr, &groups_size) != 0 && errno != ERANGE) {
    return fail_errno("ask for the peer's groups");
  }
  peer.identity.groups.resize(groups_size / sizeof(gid_t));
  if (groups_size > 0 &&
      ::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, peer.identity.groups.data(), &groups_size) != 0) {
    return fail_errno("ask for the peer's groups");
  }
  if (const auto start = start_time_of(peer.pid)) {
    peer.start_time = *start;
    peer.pidfd = open_process(peer.pid, *start);
  }
  return peer;
}

}  // namespace qvm::regions
