// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Unix sockets: their addresses, and who is at the other end.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <optional>
#include <string>

#include "qvm/base/result.h"
#include "qvm/base/unique_fd.h"

namespace qvm {

// nullopt if the path is too long: an address has room for 107 bytes.
std::optional<sockaddr_un> unix_address(const std::string& path);

// A socket that is connected to whoever listens at path, which may be longer than an address. Close-on-exec.
// Fails with the errno of the call that failed: ENOENT or ECONNREFUSED if nobody listens.
// kind: SOCK_STREAM or SOCK_SEQPACKET, with SOCK_NONBLOCK if that is wanted.
Result<UniqueFd> connect_unix(const std::string& path, int kind = SOCK_STREAM);

struct SocketPair {
  UniqueFd one;
  UniqueFd other;
};
// Two connected sockets without a name, close-on-exec. kind: SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET.
Result<SocketPair> make_socket_pair(int kind);

// The process that listened at, or connected to, the other end, as the kernel tells it; nullopt (errno says
// why) if it does not.
std::optional<ucred> peer_credentials(int socket);

}  // namespace qvm
