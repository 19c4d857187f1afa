// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <chrono>

#include "qvm/base/unix_socket.h"
#include "qvm/base/wait_for.h"
#include "qvm/regions/client/admin.h"
#include "qvm/regions/client/start_regiond.h"
#include "qvm/regions/model/codec.h"
#include "qvm/regions/wire/admin_wire.h"
#include "qvm/regions/wire/wire.h"

namespace qvm::regions {
namespace {

using admin_wire::Answer;
using admin_wire::Op;
using Clock = std::chrono::steady_clock;

class SocketAdmin final : public Admin {
 public:
  SocketAdmin(std::string runtime_directory, std::string program, std::chrono::milliseconds patience)
      : x_runtime_directory(std::move(runtime_directory)),
        x_program(std::move(program)),
        x_patience(patience) {}

  Result<void> connect();
  Result<std::string> add_vm(const VmPolicy& policy) override { return call(Op::add_vm, encode(policy)); }
  Result<void> remove_vm(const std::string& vm) override { return without_text(call(Op::remove_vm, vm)); }
  Result<void> add_region(const RegionSpec& region) override {
    return without_text(call(Op::add_region, encode(region)));
  }
  Result<void> remove_region(const std::string& name) override {
    return without_text(call(Op::remove_region, name));
  }
  Result<std::string> describe_json() override { return call(Op::describe, {}); }
  Result<std::string> explain_json(const ExplainRequest& request) override {
    return call(Op::explain, encode(request));
  }
  Result<std::optional<unsigned>> clients(const std::string& region) override;
  bool leave() override;

 private:
  struct Reply {
    Answer answer = Answer::failed;
    std::string text;
  };

  static Result<void> without_text(Result<std::string> result) {
    QVM_TRY(result);
    return {};
  }
  std::string socket_path() const { return x_runtime_directory + "/regiond/admin.sock"; }
  Result<std::string> call(Op op, const std::string& argument);
  // Fails with ECONNRESET if the daemon has died.
  Result<Reply> exchange(const std::string& request);

  std::string x_runtime_directory;
  std::string x_program;  // empty: none is started
  std::chrono::milliseconds x_patience;
  UniqueFd x_socket;
};

Result<void> SocketAdmin::connect() {
  auto socket =
      QVM_TRY(x_program.empty() ? wire::connect_to(socket_path())
                                : regions::connect_or_start(x_runtime_directory, socket_path(), x_program));
  const auto peer = peer_credentials(socket.get());
  if (!peer) return fail_errno("ask who serves " + socket_path());
  // In a directory of somebody else's anything may listen.
  if (peer->uid != ::geteuid()) {
    return fail(socket_path() + " is served by uid " + std::to_string(peer->uid) + ", not by uid " +
                std::to_string(::geteuid()) + " who asks");
  }
  x_socket = std::move(socket);
  return {};
}

Result<SocketAdmin::Reply> SocketAdmin::exchange(const std::string& request) {
  auto deadline = Clock::now() + x_patience;
  const auto wait = [&](short events) { return wait_for(x_socket.get(), events, deadline); };
  const auto late = [] { return fail_errno("qvm-regiond does not answer", ETIMEDOUT); };
  while (::send(x_socket.get(), request.data(), request.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
    if (errno == EINTR) continue;
    if (errno == EMSGSIZE) return fail("the request to qvm-regiond is too long");
    if (errno != EAGAIN) return fail_errno("qvm-regiond has hung up", ECONNRESET);
    if (!wait(POLLOUT)) return late();
  }
  Reply reply;
  std::string part(1 + admin_wire::kMaxReplyPart, '\0');
  for (;;) {
    const ssize_t got = ::recv(x_socket.get(), part.data(), part.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) {
      if (!wait(POLLIN)) return late();
      continue;
    }
    if (got <= 0) return fail_errno("qvm-regiond has hung up", ECONNRESET);
    deadline = Clock::now() + x_patience;
    reply.answer = static_cast<Answer>(part.front());
    reply.text.append(part, 1, static_cast<std::size_t>(got) - 1);
    if (reply.answer != Answer::more) return reply;
  }
}

Result<std::string> SocketAdmin::call(Op op, const std::string& argument) {
  if (argument.size() >= admin_wire::kMaxRequestBytes) return fail("the request to qvm-regiond is too long");
  const std::string request = std::string(1, static_cast<char>(op)) + argument;
  constexpr int kAttempts = 3;
  for (int attempt = 1;; ++attempt) {
    if (!x_socket) {
      QVM_TRY(connect());
    }
    auto reply = exchange(request);
    if (!reply) {
      x_socket.reset();
      // It died, or ended as idle in the very moment. It may have done the work before that.
      if (reply.error().code() == ECONNRESET && attempt < kAttempts) continue;
      return tl::unexpected(std::move(reply.error()));
    }
    if (reply->answer == Answer::done || (reply->answer == Answer::same && attempt > 1)) return reply->text;
    if (reply->answer == Answer::same)
      return fail(op == Op::add_vm ? "a VM of this name is registered already" : reply->text);
    if (attempt > 1 && (op == Op::remove_vm || op == Op::remove_region)) return std::string();
    return fail(reply->text);
  }
}

Result<std::optional<unsigned>> SocketAdmin::clients(const std::string& region) {
  auto answer = QVM_TRY(call(Op::clients, region));
  if (answer.empty()) return std::optional<unsigned>();
  unsigned count = 0;
  const auto [end, error] = std::from_chars(answer.data(), answer.data() + answer.size(), count);
  if (error != std::errc() || end != answer.data() + answer.size())
    return fail("qvm-regiond answers with something else than a number of clients");
  return std::optional(count);
}

bool SocketAdmin::leave() {
  const auto answer = call(Op::leave, {});
  x_socket.reset();
  return answer && *answer == admin_wire::kEnds;
}

}  // namespace

Result<std::unique_ptr<Admin>> Admin::open(const std::string& runtime_directory, const std::string& program,
                                           std::chrono::milliseconds patience) {
  auto admin = std::make_unique<SocketAdmin>(runtime_directory, program, patience);
  QVM_TRY(admin->connect());
  return std::unique_ptr<Admin>(std::move(admin));
}

Result<std::unique_ptr<Admin>> Admin::open_if_served(const std::string& runtime_directory) {
  auto admin = std::make_unique<SocketAdmin>(runtime_directory, std::string(), kUsualPatience);
  if (auto connected = admin->connect(); !connected) {
    if (nobody_serves(connected.error())) return nullptr;
    return tl::unexpected(std::move(connected.error()));
  }
  return std::unique_ptr<Admin>(std::move(admin));
}

}  // namespace qvm::regions
