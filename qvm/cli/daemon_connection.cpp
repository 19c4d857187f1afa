// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/daemon_connection.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "qvm/base/pidfd.h"
#include "qvm/base/unix_socket.h"
#include "qvm/base/wait_for.h"
#include "qvm/cli/complain.h"
#include "qvm/cli/start_daemon.h"
#include "qvm/daemon/files/records.h"

namespace qvm::cli {

namespace {

constexpr int kAttempts = 3;  // a qvmd that is ending may hang up on us
constexpr std::chrono::milliseconds kLastSteps{2000};
constexpr std::chrono::seconds kGoodBye{10};

using Clock = std::chrono::steady_clock;

Result<UniqueFd> connect_to(const std::string& path) {
  // Nobody can listen there.
  if (!unix_address(path)) {
    return fail(
        fmt::format("the runtime directory's path is too long: '{}' has {} bytes, a socket may have {}", path,
                    path.size(), sizeof sockaddr_un::sun_path - 1));
  }
  auto socket = QVM_TRY(connect_unix(path));
  const auto peer = peer_credentials(socket.get());
  if (!peer) return fail_errno(fmt::format("ask who serves '{}'", path));
  // In a directory of somebody else's anything may listen.
  if (peer->uid != ::geteuid()) {
    return fail(
        fmt::format("'{}' is served by uid {}, not by uid {} who runs qvm: choose another runtime directory "
                    "with --runtime-dir or QVM_RUNTIME_DIR",
                    path, peer->uid, ::geteuid()));
  }
  return socket;
}

bool nobody_listens(const Error& error) {
  // The last one: something on the way is a file. Starting a qvmd tells which.
  return error.code() == ENOENT || error.code() == ECONNREFUSED || error.code() == ENOTDIR;
}

}  // namespace

Result<DaemonConnection> DaemonConnection::open(const daemon::RuntimePaths& paths, int interrupt) {
  for (int attempt = 1;; ++attempt) {
    auto socket = connect_to(paths.socket());
    if (!socket && nobody_listens(socket.error())) {
      QVM_TRY(start_daemon(paths, interrupt));
      socket = connect_to(paths.socket());
    }
    if (!socket) {
      if (nobody_listens(socket.error()) && attempt < kAttempts) continue;
      return tl::unexpected(std::move(socket.error()));
    }
    DaemonConnection connection(std::move(*socket), interrupt);
    auto welcome = connection.await_welcome();
    if (welcome && welcome->kind == daemon::Reply::Kind::welcome) return connection;
    if (welcome && welcome->kind == daemon::Reply::Kind::failed) return fail(welcome->text);
    const bool given_up = !welcome && welcome.error().code() == ECANCELED;
    if (attempt == kAttempts || given_up) {
      return welcome ? Result<DaemonConnection>(fail("qvmd answers with something else than its welcome"))
                     : Result<DaemonConnection>(tl::unexpected(std::move(welcome.error())));
    }
  }
}

Result<std::optional<DaemonConnection>> DaemonConnection::open_if_used(const daemon::RuntimePaths& paths) {
  auto socket = connect_to(paths.socket());
  if (!socket) {
    if (socket.error().code() == ENOTDIR) return tl::unexpected(daemon::not_a_directory(paths));
    if (!nobody_listens(socket.error())) return tl::unexpected(std::move(socket.error()));
    const auto recorded = QVM_TRY(daemon::recorded_vms(paths));
    if (recorded.empty()) return std::nullopt;
  }
  auto connection = QVM_TRY(open(paths));
  return std::optional<DaemonConnection>(std::move(connection));
}

Result<void> DaemonConnection::send(const daemon::Request& request) {
  const std::string bytes = daemon::frame(daemon::encode(request));
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t count = ::send(x_socket.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno("send to qvmd");
    sent += static_cast<std::size_t>(count);
  }
  return {};
}

Result<std::optional<daemon::Reply>> DaemonConnection::next() {
  std::array<char, 16384> buffer;
  while (!x_closed) {
    const ssize_t count = ::recv(x_socket.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count > 0) {
      x_reader.append({buffer.data(), static_cast<std::size_t>(count)});
      continue;
    }
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) break;
    x_closed = true;
  }
  auto message = QVM_TRY(x_reader.next());
  if (!message.has_value()) {
    if (x_closed) return fail_errno("talk to qvmd", ECONNRESET);
    return std::nullopt;
  }
  auto reply = QVM_TRY(daemon::decode_reply(*message));
  return std::optional<daemon::Reply>(std::move(reply));
}

Result<daemon::Reply> DaemonConnection::wait(std::optional<Deadline> deadline, int interrupt) {
  for (;;) {
    auto reply = QVM_TRY(next());
    if (reply.has_value()) return std::move(*reply);
    pollfd both[] = {{x_socket.get(), POLLIN, 0}, {interrupt, POLLIN, 0}};
    const int ready = ::poll(both, 2, deadline ? left_ms(*deadline) : -1);
    if (both[1].revents != 0) return fail_errno("wait for qvmd", ECANCELED);
    if (ready == 0) return fail_errno("wait for qvmd", ETIMEDOUT);
  }
}

// It comes at once, unless qvmd stands still or takes over VMs whose hypervisor does.
Result<daemon::Reply> DaemonConnection::await_welcome() {
  // So long nobody gives up: a signal that comes while a new qvmd is found is for its VMs.
  auto welcome = wait(Clock::now() + kUsualAnswer, -1);
  if (welcome || welcome.error().code() != ETIMEDOUT) return welcome;
  const auto peer = peer_credentials(x_socket.get());
  complain(fmt::format("qvmd (process {}) does not answer; it is waited for", peer ? peer->pid : 0));
  return wait({}, x_interrupt);
}

Result<daemon::Reply> DaemonConnection::ask(const daemon::Request& request) {
  QVM_TRY(send(request));
  for (;;) {
    auto reply = wait({}, x_interrupt);
    if (!reply) return reply;
    if (reply->kind == daemon::Reply::Kind::failed) return fail(reply->text);
    if (reply->kind == daemon::Reply::Kind::done) return reply;
    if (reply->kind == daemon::Reply::Kind::progress) complain(reply->text);
  }
}

void DaemonConnection::leave() {
  daemon::Request request;
  request.operation = daemon::Request::Operation::leave;
  const auto peer = peer_credentials(x_socket.get());
  const UniqueFd server = peer ? open_pidfd(peer->pid) : UniqueFd();
  if (!send(request)) return;
  // An answer to an earlier request may still be under way: only "stays" is one to this. Otherwise qvmd ends,
  // and with it the connection.
  const auto deadline = Clock::now() + kGoodBye;
  for (auto reply = wait(deadline, x_interrupt); reply; reply = wait(deadline, x_interrupt)) {
    if (reply->kind == daemon::Reply::Kind::done && reply->text == "stays") return;
  }
  // The connection is closed a little before the process is gone.
  if (server) wait_for(server.get(), POLLIN, kLastSteps);
}

}  // namespace qvm::cli
