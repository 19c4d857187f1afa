// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Talking to VMs and host programs.
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "qvm/regions/keeper/log.h"
#include "qvm/regions/server/server_impl.h"

namespace qvm::regions {
namespace {

// Sockets of one VM: each vdev's, the same again after a quick restart of the process, and a few.
constexpr std::size_t kSpareSockets = 4;
constexpr int kSendBuffer = 16 * 1024;
constexpr std::uint32_t kAllIndices = 0xffff;

std::string printable(std::string text) {
  for (char& c : text) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return text;
}

}  // namespace

Server::Impl::Client* Server::Impl::client_of(Id session) {
  const auto found = x_by_session.find(session);
  return found == x_by_session.end() ? nullptr : found->second;
}

std::string Server::Impl::name_of(const Client& client) const {
  const auto session = x_manager.sessions().find(client.session);
  const auto vm = x_manager.vms().find(client.vm);
  std::string name = vm != x_manager.vms().end() ? "VM '" + vm->second.added.policy.vm + "'" : "host program";
  if (session != x_manager.sessions().end()) name += " '" + session->second.opened.principal.label + "'";
  return name + " (pid " + std::to_string(client.process.pid) + ", uid " +
         std::to_string(client.process.identity.uid) + ")";
}

bool Server::Impl::may_log(const Client& client, std::string_view verdict, bool& last) {
  const std::string& key = client.key;
  const auto now = std::chrono::steady_clock::now();
  const auto spent = verdict == "granted" ? x_log_budget.spend(key + "+", now) : x_log_budget.spend(key, now);
  last = spent == LogBudget::Verdict::write_last;
  return spent != LogBudget::Verdict::drop;
}

void Server::Impl::log_for(const Client& client, const Decision& decision, const std::string& text) {
  bool last = false;
  if (!may_log(client, decision.verdict, last)) return;
  const auto vm = x_manager.vms().find(client.vm);
  const auto session = x_manager.sessions().find(client.session);
  const std::string_view label =
      session != x_manager.sessions().end() ? session->second.opened.principal.label : std::string_view();
  const bool is_vm = vm != x_manager.vms().end();
  // As whom: a VM counts as what its policy says, whatever the process has made of itself.
  const Identity who = is_vm ? Identity{vm->second.added.policy.uid, vm->second.added.policy.gid, {}}
                             : client.process.identity;
  const auto number = [](const auto& value) {
    return value ? decltype(LogField::value)(static_cast<std::int64_t>(*value)) : std::monostate();
  };
  process_log().write(
      decision.event,
      name_of(client) + ": " + text + (last ? " (no more lines like this about this one for a while)" : ""),
      {{"verdict", decision.verdict},
       {"kind", std::string_view(client.vm != 0 ? "vm" : "host")},
       {"vm", is_vm ? std::string_view(vm->second.added.policy.vm) : std::string_view()},
       {is_vm ? "vdev" : "program", label},
       {"pid", std::int64_t{client.process.pid}},
       {"uid", std::int64_t{who.uid}},
       {"gid", std::int64_t{who.gid}},
       {"region", decision.name},
       {"host_name", decision.host_name},
       {"status", number(decision.status)},
       {"index", number(decision.index)},
       {"access", std::string_view(!decision.writable   ? ""
                                   : *decision.writable ? "read-write"
                                                        : "read-only")},
       {"place", decision.place}});
}

void Server::Impl::log_refusal(const Client& client, std::string_view event, const std::string& text) {
  log_for(client, {.event = event, .verdict = "refused"}, text);
}

void Server::Impl::accept_client(UniqueFd socket, Id vm) {
  auto process = peer_of(socket.get());
  if (!process) {
    x_chores.close(std::move(socket));
    return log_line("a connection was refused: " + process.error().message());
  }
  auto client = std::make_unique<Client>();
  client->vm = vm;
  client->process = std::move(*process);
  const uid_t uid = client->process.identity.uid;
  client->key = "uid:" + std::to_string(uid);
  std::size_t bound =
      uid == x_options.limits.owner ? x_options.sockets.own : x_options.sockets.of_another_user;
  std::optional<std::string> refusal;
  if (vm != 0) {
    const VmPolicy& policy = x_manager.vms().at(vm).added.policy;
    client->key = "vm:" + policy.vm;
    bound = 2 * policy.vdevs.size() + kSpareSockets;
    // The socket alone is the identity; the uid must not contradict it.
    if (uid != policy.uid) refusal = "this VM runs as uid " + std::to_string(policy.uid);
  }
  std::size_t same = 0;
  std::size_t host = 0;
  for (const auto& [fd, other] : x_clients) {
    if (other->key == client->key) ++same;
    if (other->vm == 0) ++host;
  }
  if (same >= bound || (vm == 0 && host >= x_options.sockets.of_all_programs)) refusal = "too many sockets";
  if (refusal) {
    x_chores.close(std::move(socket));
    return log_refusal(*client, "connection", "refused: " + *refusal);
  }

  const int fd = socket.get();
  // What waits in the socket of a client that does not read holds descriptors: a bounded number.
  const int send_buffer = kSendBuffer;
  ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
  client->socket = std::move(socket);
  client->interest = EPOLLIN;
  if (!x_loop->watch(fd, EPOLLIN, [this, fd](std::uint32_t events) { client_ready(fd, events); })) {
    return x_chores.close(std::move(client->socket));
  }
  if (client->process.pidfd) {
    // A process may die while a child of it still holds the socket.
    [[maybe_unused]] const auto watched =
        x_loop->watch(client->process.pidfd.get(), EPOLLIN, [this, fd](std::uint32_t) {
          x_doomed.insert(fd);
          sweep();
        });
  }
  x_clients.emplace(fd, std::move(client));
}

void Server::Impl::client_ready(int fd, std::uint32_t events) {
  const auto found = x_clients.find(fd);
  if (found == x_clients.end()) return;
  Client& client = *found->second;
  bool good = true;
  if ((events & EPOLLOUT) != 0) {
    const wire::Outcome flushed = flush(client);
    good = flushed == wire::Outcome::done ? catch_up(client) : flushed == wire::Outcome::would_block;
  }
  // It has hung up, and what it said last cannot be read yet: whatever it was, its detach is part of the cut.
  if ((events & EPOLLHUP) != 0 && (client.interest & EPOLLIN) == 0) good = false;
  // One message a turn: most clients wait for the reply to theirs, and the others have their turns, too.
  if (good && client.reservation == 0 && !client.paused && !client.outbox.waiting())
    good = receive_one(client);
  if (good) update_interest(client);
  if (!good) x_doomed.insert(fd);
  sweep();
}

bool Server::Impl::receive_one(Client& client) {
  switch (wire::receive_bytes(client.socket.get(), x_message)) {
    case wire::Outcome::done:
      return handle(client, x_message);
    case wire::Outcome::would_block:
      return true;
    case wire::Outcome::malformed:
      log_refusal(client, "cut-off", "cut off: it sent what is no message");
      return false;
    case wire::Outcome::descriptors:
      log_refusal(client, "cut-off", "cut off: it sent descriptors");
      return false;
    case wire::Outcome::closed:
    case wire::Outcome::no_room:
      return false;
  }
  return false;
}

bool Server::Impl::handle(Client& client, const wire::Message& message) {
  if (const auto* request = message.as<wire::Hello>(); request != nullptr && client.session == 0) {
    return hello(client, *request);
  }
  if (client.session != 0) {
    if (const auto* request = message.as<wire::Attach>()) return attach(client, *request);
    if (const auto* request = message.as<wire::Detach>()) return detach(client, *request);
  }
  log_refusal(client, "cut-off", "cut off: it sent a message that has no place there");
  return false;
}

void Server::Impl::cut_off(int fd) {
  const auto found = x_clients.find(fd);
  if (found == x_clients.end()) return;
  const std::unique_ptr<Client> client = std::move(found->second);
  x_clients.erase(found);
  x_loop->unwatch(fd);
  if (client->process.pidfd) x_loop->unwatch(client->process.pidfd.get());
  x_chores.close(std::move(client->socket));
  if (client->reservation != 0) x_reservations->cancel(client->reservation);
  if (client->session == 0) return;
  x_by_session.erase(client->session);
  carry_out(x_manager.close_session(client->session));
}

void Server::Impl::sweep() {
  while (!x_doomed.empty()) {
    const int fd = *x_doomed.begin();
    x_doomed.erase(x_doomed.begin());
    cut_off(fd);
  }
  end_if_idle();
}

std::optional<Principal> Server::Impl::principal_of(Client& client, std::string who) {
  if (client.vm == 0) return Principal{0, {}, printable(std::move(who)), client.process.identity};
  const VmPolicy& policy = x_manager.vms().at(client.vm).added.policy;
  const bool known = std::any_of(policy.vdevs.begin(), policy.vdevs.end(),
                                 [&](const VdevPolicy& vdev) { return vdev.vdev == who; });
  if (!known) {
    log_refusal(client, "cut-off", "cut off: it says it is '" + who + "', which the VM does not have");
    return std::nullopt;
  }
  return Principal{client.vm, policy.vm, std::move(who), Identity{policy.uid, policy.gid, policy.groups}};
}

bool Server::Impl::hello(Client& client, const wire::Hello& message) {
  if (message.resume != 0 && resume(client, message)) return true;
  const std::string who(message.who.data(), ::strnlen(message.who.data(), message.who.size()));
  auto principal = principal_of(client, who);
  if (!principal) return false;
  const Events events =
      x_manager.open_session(std::move(*principal), client.process.pid, client.process.start_time);
  client.session = std::get<SessionOpened>(events.front()).id;
  x_by_session[client.session] = &client;
  carry_out(events);
  wire::Welcome welcome;
  welcome.session = client.session;
  return reply(client, Parcel(wire::prepare(welcome))) == wire::Outcome::done;
}

bool Server::Impl::resume(Client& client, const wire::Hello& message) {
  const auto session = x_manager.sessions().find(message.resume);
  if (session == x_manager.sessions().end()) return false;
  const SessionOpened& opened = session->second.opened;
  if (opened.principal.vm != client.vm || opened.pid != client.process.pid ||
      client.process.start_time == 0 || opened.start_time != client.process.start_time) {
    log_refusal(client, "take-over", "tried to take over a session that is not its own");
    return false;
  }
  // The same process may have changed who it is: what it may do from here on is decided anew.
  if (client.vm == 0 && opened.principal.identity != client.process.identity) return false;
  if (Client* before = client_of(message.resume)) {
    before->session = 0;
    x_doomed.insert(before->socket.get());
  }
  if (const auto orphan = x_orphans.find(message.resume); orphan != x_orphans.end()) {
    x_loop->unwatch(orphan->second.get());
    x_orphans.erase(orphan);
  }
  client.session = message.resume;
  x_by_session[client.session] = &client;

  const auto known = std::span(message.connections).first(message.count);
  const std::set<Id> connections = session->second.connections;
  for (const Id connection : connections) {
    if (std::find(known.begin(), known.end(), connection) == known.end()) {
      carry_out(x_manager.detach(client.session, connection));
    }
  }
  wire::Welcome welcome;
  welcome.session = client.session;
  welcome.resumed = 1;
  if (reply(client, Parcel(wire::prepare(welcome))) != wire::Outcome::done) {
    x_doomed.insert(client.socket.get());
    return true;
  }
  // All its doorbells are made anew: some may have been lost with the qvm-regiond before.
  for (const Id connection : session->second.connections) client.missed[connection] = kAllIndices;
  if (!catch_up(client)) x_doomed.insert(client.socket.get());
  return true;
}

}  // namespace qvm::regions
