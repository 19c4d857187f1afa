// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Talking to qvmd and the command line.
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstring>

#include "qvm/regions/keeper/log.h"
#include "qvm/regions/model/codec.h"
#include "qvm/regions/server/server_impl.h"
#include "qvm/regions/wire/admin_wire.h"

namespace qvm::regions {
namespace {

using admin_wire::Answer;
using admin_wire::Op;

constexpr std::size_t kMaxPartsWaiting = 4096;

}  // namespace

void Server::Impl::accept_admin(UniqueFd socket, Id) {
  const auto peer = peer_of(socket.get());
  if (!peer || (peer->identity.uid != ::geteuid() && peer->identity.uid != 0)) {
    return log_line("an admin connection was refused: only this daemon's user and root may command it");
  }
  const int fd = socket.get();
  if (!x_loop->watch(fd, EPOLLIN, [this, fd](std::uint32_t events) { admin_ready(fd, events); })) return;
  x_admins.emplace(fd, AdminClient{std::move(socket), ++x_last_admin});
}

void Server::Impl::admin_ready(int fd, std::uint32_t events) {
  const auto found = x_admins.find(fd);
  if (found == x_admins.end()) return;
  AdminClient& admin = found->second;
  bool good = true;
  if ((events & EPOLLOUT) != 0) good = flush_admin(fd, admin);
  // One request at a time: the next is read when the answer to this one is out.
  if (good && admin.reservation != 0) {
    good = (events & (EPOLLHUP | EPOLLERR)) == 0;
  } else if (good && admin.waiting.empty()) {
    good = receive_admin(fd, admin);
  }
  if (!good) drop_admin(fd);
  sweep();
}

bool Server::Impl::receive_admin(int fd, AdminClient& admin) {
  std::string request(admin_wire::kMaxRequestBytes, '\0');
  const ssize_t got = ::recv(fd, request.data(), request.size(), MSG_DONTWAIT | MSG_TRUNC);
  // ECONNRESET: it has hung up and left something unread, which can only be the last answer.
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  admin.undo = nullptr;
  if (got == 0 || static_cast<std::size_t>(got) > request.size()) return false;
  request.resize(static_cast<std::size_t>(got));
  const auto op = static_cast<Op>(request.front());
  const std::string_view argument = std::string_view(request).substr(1);
  if (MemoryNeeds needs = needs_of(op, argument); !needs.memory.empty()) {
    reserve_for_admin(fd, admin, std::move(request), std::move(needs));
    return x_loop->modify(fd, 0).has_value();
  }
  MemoryInHand nothing;
  return answer_admin(fd, admin, op, carry_out_admin(op, argument, nothing));
}

// Whoever gave up waiting must not find later that it has what it asked for.
void Server::Impl::drop_admin(int fd) {
  const auto found = x_admins.extract(fd);
  if (!found) return;
  const AdminClient& admin = found.mapped();
  x_loop->unwatch(fd);
  if (admin.reservation != 0) x_reservations->cancel(admin.reservation);
  if (!admin.undo) return;
  process_log().write("admin", "undone: whoever asked for it left before the answer",
                      {{"verdict", "refused"}});
  admin.undo();
}

Server::Impl::AdminAnswer Server::Impl::carry_out_admin(Op op, std::string_view argument,
                                                        MemoryInHand& in_hand) {
  switch (op) {
    case Op::add_vm:
      return add_vm(argument, in_hand);
    case Op::remove_vm:
      return {remove_vm(argument)};
    case Op::add_region:
      return add_region(argument, in_hand);
    case Op::remove_region:
      return {remove_region(argument)};
    case Op::describe:
      return {describe_as_json(x_manager, x_store)};
    case Op::explain: {
      const auto question = decode_explain_request(argument);
      if (!question) return {fail("the question is not one")};
      return {explain_as_json(x_manager, *question)};
    }
    case Op::clients:
      return {count_clients(argument)};
    case Op::leave:
      return {std::string(is_needed() || x_admins.size() > 1 ? "stays" : admin_wire::kEnds)};
  }
  return {fail("qvm-regiond does not know this request")};
}

bool Server::Impl::answer_admin(int fd, AdminClient& admin, Op op, AdminAnswer answer) {
  const Result<std::string>& result = answer.text;
  if (!result && op != Op::describe && op != Op::explain)
    process_log().write("admin", "refused: " + result.error().message(), {{"verdict", "refused"}});
  const Answer last = !result ? Answer::failed : answer.same ? Answer::same : Answer::done;
  std::string_view text = result ? *result : result.error().message();
  std::vector<std::string> parts;
  do {
    const std::string_view piece = text.substr(0, admin_wire::kMaxReplyPart);
    text.remove_prefix(piece.size());
    const Answer kind = text.empty() ? last : Answer::more;
    parts.emplace_back(1, static_cast<char>(kind)).append(piece);
  } while (!text.empty() && parts.size() < kMaxPartsWaiting);
  admin.waiting.assign(std::make_move_iterator(parts.rbegin()), std::make_move_iterator(parts.rend()));
  admin.undo = std::move(answer.undo);
  return flush_admin(fd, admin);
}

void Server::Impl::tell_admin_working(int fd, Id number, Reservations::Number reservation) {
  x_loop->after(x_options.word, [this, fd, number, reservation] {
    const auto found = x_admins.find(fd);
    if (found == x_admins.end() || found->second.number != number || found->second.reservation != reservation)
      return;
    const char word = static_cast<char>(Answer::more);
    // If there is no room for it, there are words that it has not read yet.
    [[maybe_unused]] const auto sent = ::send(fd, &word, sizeof word, MSG_DONTWAIT | MSG_NOSIGNAL);
    tell_admin_working(fd, number, reservation);
  });
}

bool Server::Impl::flush_admin(int fd, AdminClient& admin) {
  while (!admin.waiting.empty()) {
    const std::string& part = admin.waiting.back();
    if (::send(fd, part.data(), part.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
      if (errno == EINTR) continue;
      return errno == EAGAIN && x_loop->modify(fd, EPOLLOUT).has_value();
    }
    admin.waiting.pop_back();
  }
  return x_loop->modify(fd, EPOLLIN).has_value();
}

Result<std::string> Server::Impl::remove_vm(std::string_view name) {
  const VmState* vm = x_manager.find_vm(name);
  if (vm == nullptr) return fail("no VM named '" + std::string(name) + "' is registered");
  const Id id = vm->added.id;
  for (auto& [fd, client] : x_clients) {
    if (client->vm != id) continue;
    x_by_session.erase(client->session);
    client->session = 0;
    x_doomed.insert(fd);
  }
  for (auto orphan = x_orphans.begin(); orphan != x_orphans.end();) {
    if (x_manager.sessions().at(orphan->first).opened.principal.vm == id) {
      x_loop->unwatch(orphan->second.get());
      orphan = x_orphans.erase(orphan);
    } else {
      ++orphan;
    }
  }
  const auto events = x_manager.remove_vm(name);
  if (!events) return fail(events.error().message());
  carry_out(*events);
  stop_listening_for_vm(id, std::string(name));
  if (!x_journal->whole()) settle_with_keeper();
  process_log().write("vm-removed", "VM '" + std::string(name) + "' is no longer registered",
                      {{"verdict", "granted"}, {"vm", name}});
  return std::string();
}

std::string Server::Impl::count_clients(std::string_view region) const {
  const RegionState* found = x_manager.find_region(region);
  if (found == nullptr) return {};
  return std::to_string(std::popcount(found->attached_mask()));
}

Result<std::string> Server::Impl::remove_region(std::string_view name) {
  auto events = QVM_TRY(x_manager.remove_region(name));
  carry_out(events);
  process_log().write("region-removed",
                      "region '" + std::string(name) + "' is not held by a manifest any more",
                      {{"verdict", "granted"}, {"region", name}});
  return std::string();
}

}  // namespace qvm::regions
