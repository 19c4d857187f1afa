// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/control_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <utility>

#include "qvm/base/process_limits.h"
#include "qvm/base/unix_socket.h"

namespace qvm::daemon {
namespace {

constexpr int kBacklog = 64;
// A client that does not read what it asked for is dropped rather than kept in memory.
constexpr std::size_t kMaxOutgoing = 2 * kMaxMessageBytes;
// How long nobody is accepted after a failure that may last: the listener stays readable meanwhile.
constexpr std::chrono::milliseconds kBreather{200};

}  // namespace

bool ControlServer::answers(const std::string& path) {
  return connect_unix(path).has_value();
}

Result<std::unique_ptr<ControlServer>> ControlServer::create(EventLoop& loop, std::string path,
                                                             std::string greeting, Hooks hooks) {
  const auto address = unix_address(path);
  if (!address) return fail(fmt::format("the socket path '{}' is too long", path));
  std::unique_ptr<ControlServer> server(
      new ControlServer(loop, std::move(path), std::move(greeting), std::move(hooks)));
  server->x_listener.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!server->x_listener) return fail_errno("make the control socket");
  const int listener = server->x_listener.get();
  // Whoever holds the lock owns the path: what is there is a predecessor's.
  ::unlink(server->x_path.c_str());
  // The file gets the socket's mode. The umask would be every thread's.
  if (::fchmod(listener, 0600) != 0 ||
      ::bind(listener, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
    return fail_errno(fmt::format("listen at '{}'", server->x_path));
  }
  if (::listen(listener, kBacklog) != 0) return fail_errno(fmt::format("listen at '{}'", server->x_path));
  if (!server->keep_spare()) return fail_errno("keep a descriptor in reserve");
  QVM_TRY(loop.watch(listener, EPOLLIN, [raw = server.get()](std::uint32_t) { raw->accept_client(); }));
  return server;
}

ControlServer::~ControlServer() {
  stop_listening();
  if (x_resting) x_loop.cancel(*x_resting);
  for (const auto& [id, client] : x_clients) x_loop.unwatch(client.socket.get());
}

void ControlServer::stop_listening() {
  if (!x_listener) return;
  x_loop.unwatch(x_listener.get());
  ::unlink(x_path.c_str());
  x_listener.reset();
}

bool ControlServer::keep_spare() {
  if (!x_spare) x_spare.reset(::fcntl(x_listener.get(), F_DUPFD_CLOEXEC, 0));
  return static_cast<bool>(x_spare);
}

void ControlServer::rest() {
  if (x_resting || !x_loop.modify(x_listener.get(), 0)) return;
  x_resting = x_loop.after(kBreather, [this] {
    x_resting.reset();
    if (x_listener && !x_loop.modify(x_listener.get(), EPOLLIN)) rest();
  });
}

// The reserve is given up for the one descriptor that it takes to say why.
void ControlServer::refuse_client() {
  const std::string why = explain_limit("qvmd has no descriptor left for another client: " +
                                        Error::from_errno("accept").message());
  x_spare.reset();
  const UniqueFd socket(::accept4(x_listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket) return rest();
  const auto peer = peer_credentials(socket.get());
  if (!peer || peer->uid != ::geteuid()) return;
  const std::string bytes = frame(encode({.kind = Reply::Kind::failed, .text = why, .vms = {}}));
  [[maybe_unused]] const auto sent = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

void ControlServer::accept_client() {
  // Another thread may have got the descriptor that was given up.
  if (!keep_spare()) return rest();
  UniqueFd socket(::accept4(x_listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket) {
    if (errno == EMFILE || errno == ENFILE) return refuse_client();
    if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) rest();
    return;
  }
  const auto peer = peer_credentials(socket.get());
  if (!peer) return;
  if (peer->uid != ::geteuid()) {
    if (x_hooks.refused) x_hooks.refused(*peer);
    return;
  }
  const ClientId id = x_next++;
  const int fd = socket.get();
  if (!x_loop.watch(fd, EPOLLIN, [this, id](std::uint32_t events) { on_ready(id, events); })) return;
  x_clients[id].socket = std::move(socket);
  x_clients[id].peer = *peer;
  send(id, {.kind = Reply::Kind::welcome, .text = x_greeting, .vms = {}});
}

void ControlServer::on_ready(ClientId id, std::uint32_t events) {
  const auto found = x_clients.find(id);
  if (found == x_clients.end()) return;
  if ((events & EPOLLOUT) != 0 && !flush(found->second)) return drop(id);
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && !receive(id)) drop(id);
}

bool ControlServer::receive(ClientId id) {
  std::array<char, 65536> buffer{};
  const ssize_t got = ::recv(x_clients.at(id).socket.get(), buffer.data(), buffer.size(), 0);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) return false;
  x_clients.at(id).reader.append({buffer.data(), static_cast<std::size_t>(got)});
  // Handling a request may end this client, or any other.
  for (auto client = x_clients.find(id); client != x_clients.end(); client = x_clients.find(id)) {
    auto message = client->second.reader.next();
    if (!message) return false;
    if (!message->has_value()) return true;
    auto request = decode_request(**message);
    if (!request) {
      send(id, {.kind = Reply::Kind::failed, .text = request.error().message(), .vms = {}});
      return false;
    }
    x_hooks.request(id, std::move(*request));
  }
  return true;
}

void ControlServer::send(ClientId id, const Reply& reply) {
  const auto found = x_clients.find(id);
  if (found == x_clients.end()) return;
  found->second.outgoing += frame(encode(reply));
  // Not dropped here: the caller may be in the middle of something that the client takes part in.
  if (!flush(found->second)) x_loop.post([this, id] { drop(id); });
}

bool ControlServer::flush(Client& client) {
  while (!client.outgoing.empty()) {
    const ssize_t sent =
        ::send(client.socket.get(), client.outgoing.data(), client.outgoing.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) break;
    if (sent < 0) return false;
    client.outgoing.erase(0, static_cast<std::size_t>(sent));
  }
  if (client.outgoing.size() > kMaxOutgoing) return false;
  const std::uint32_t events = client.outgoing.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT;
  return x_loop.modify(client.socket.get(), events).has_value();
}

void ControlServer::drop(ClientId id) {
  const auto found = x_clients.find(id);
  if (found == x_clients.end()) return;
  x_loop.unwatch(found->second.socket.get());
  x_clients.erase(found);
  x_hooks.gone(id);
}

}  // namespace qvm::daemon
