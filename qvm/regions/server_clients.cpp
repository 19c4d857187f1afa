// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Talking to VMs and host programs.
#include <sys/epoll.h>

#include <algorithm>
#include <cstring>

#include "qvm/regions/log.h"
#include "qvm/regions/memory.h"
#include "qvm/regions/server_impl.h"

namespace qvm::regions {
namespace {

constexpr int kMessagesPerTurn = 16;  // of one client, before others have their turn
constexpr unsigned kLogLines = 100;   // of one client
// Sockets of one VM: each vdev's, the same again after a quick restart of the process, and a few.
constexpr std::size_t kSpareSockets = 4;
constexpr std::size_t kHostSocketsPerUser = 1024;

std::string printable(std::string text) {
  for (char& c : text) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return text;
}

}  // namespace

struct Server::Impl::PeerLink {
  const Attached* peer = nullptr;
  Doorbell to_peer;
  Doorbell from_peer;
};

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

void Server::Impl::log_for(Client& client, const std::string& text) {
  if (client.lines_left == 0) return;
  --client.lines_left;
  log_line(name_of(client) + ": " + text + (client.lines_left == 0 ? " (no more lines about this one)" : ""));
}

void Server::Impl::accept_client(UniqueFd socket, Id vm) {
  auto process = peer_of(socket.get());
  if (!process) return log_line("a connection was refused: " + process.error().message());
  auto client = std::make_unique<Client>();
  client->vm = vm;
  client->process = std::move(*process);
  client->lines_left = kLogLines;
  const uid_t uid = client->process.identity.uid;
  std::size_t bound = kHostSocketsPerUser;
  if (vm != 0) {
    const VmPolicy& policy = x_manager.vms().at(vm).added.policy;
    bound = 2 * policy.vdevs.size() + kSpareSockets;
    // The socket alone is the identity; the uid must not contradict it.
    if (uid != policy.uid) {
      return log_for(*client, "refused: this VM runs as uid " + std::to_string(policy.uid));
    }
  }
  const auto same = std::count_if(x_clients.begin(), x_clients.end(), [&](const auto& one) {
    return one.second->vm == vm && (vm != 0 || one.second->process.identity.uid == uid);
  });
  if (static_cast<std::size_t>(same) >= bound) return log_for(*client, "refused: too many sockets");

  const int fd = socket.get();
  client->socket = std::move(socket);
  if (!x_loop->watch(fd, EPOLLIN, [this, fd](std::uint32_t events) { client_ready(fd, events); })) return;
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
    good = client.outbox.flush(fd);
    if (good && !client.outbox.waiting()) good = x_loop->modify(fd, EPOLLIN).has_value();
  }
  wire::Message message;
  for (int i = 0; good && i < kMessagesPerTurn; ++i) {
    const wire::Outcome outcome = wire::receive(fd, message, 0);
    if (outcome == wire::Outcome::would_block) break;
    if (outcome == wire::Outcome::malformed) log_for(client, "cut off: it sent what is no message");
    good = outcome == wire::Outcome::done && handle(client, message);
  }
  if (!good) x_doomed.insert(fd);
  sweep();
}

bool Server::Impl::handle(Client& client, const wire::Message& message) {
  if (const auto* request = message.as<wire::Hello>(); request != nullptr && client.session == 0) {
    return hello(client, *request);
  }
  if (client.session != 0) {
    if (const auto* request = message.as<wire::Attach>()) return attach(client, *request);
    if (const auto* request = message.as<wire::Detach>()) return detach(client, *request);
  }
  log_for(client, "cut off: it sent a message that has no place there");
  return false;
}

bool Server::Impl::send(Client& client, Parcel parcel) {
  const int fd = client.socket.get();
  const bool waited = client.outbox.waiting();
  if (!client.outbox.send(fd, std::move(parcel))) return false;
  return waited || !client.outbox.waiting() || x_loop->modify(fd, EPOLLIN | EPOLLOUT).has_value();
}

void Server::Impl::cut_off(int fd) {
  const auto found = x_clients.find(fd);
  if (found == x_clients.end()) return;
  const std::unique_ptr<Client> client = std::move(found->second);
  x_clients.erase(found);
  x_loop->unwatch(fd);
  if (client->process.pidfd) x_loop->unwatch(client->process.pidfd.get());
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
    log_for(client, "cut off: it says it is '" + who + "', which the VM does not have");
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
  return send(client, Parcel(wire::prepare(welcome)));
}

bool Server::Impl::resume(Client& client, const wire::Hello& message) {
  const auto session = x_manager.sessions().find(message.resume);
  if (session == x_manager.sessions().end()) return false;
  const SessionOpened& opened = session->second.opened;
  if (opened.principal.vm != client.vm || opened.pid != client.process.pid ||
      client.process.start_time == 0 || opened.start_time != client.process.start_time) {
    log_for(client, "tried to take over a session that is not its own");
    return false;
  }
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
  if (!send(client, Parcel(wire::prepare(welcome)))) x_doomed.insert(client.socket.get());
  renew_links(client);
  return true;
}

void Server::Impl::renew_links(Client& client) {
  for (const Id id : x_manager.sessions().at(client.session).connections) {
    const Attached& mine = x_manager.connections().at(id);
    const RegionState& region = x_manager.regions().at(mine.region);
    wire::Roster roster;
    roster.connection = id;
    for (const Id slot : region.slots) {
      if (slot == 0 || slot == id) continue;
      const Attached& peer = x_manager.connections().at(slot);
      roster.peers[roster.peer_count++] = {peer.index, peer.generation};
    }
    if (!send(client, Parcel(wire::prepare(roster)))) x_doomed.insert(client.socket.get());
    for (const Id slot : region.slots) {
      if (slot == 0 || slot == id) continue;
      const Attached& peer = x_manager.connections().at(slot);
      Client* other = client_of(peer.session);
      if (other == nullptr) continue;  // when it comes back, it renews this link
      auto there = make_doorbell();
      auto back = make_doorbell();
      if (!there || !back) {
        x_doomed.insert(client.socket.get());
        log_for(client, "cut off: no doorbells are to be had for it");
        return;
      }
      const auto tell = [this](Client& whom, Id connection, const Attached& about, UniqueFd listen,
                               UniqueFd ring) {
        wire::Came came;
        came.connection = connection;
        came.peer = {about.index, about.generation};
        Parcel parcel(wire::prepare(came));
        parcel.lend(x_store.client(about.id)->page_read_only.get());
        parcel.give(std::move(listen));
        parcel.give(std::move(ring));
        if (!send(whom, std::move(parcel))) x_doomed.insert(whom.socket.get());
      };
      tell(client, id, peer, std::move(back->listen), std::move(there->ring));
      tell(*other, slot, mine, std::move(there->listen), std::move(back->ring));
    }
  }
}

bool Server::Impl::attach(Client& client, const wire::Attach& request) {
  const std::size_t size = std::min<std::size_t>(request.name_size, request.name.size());
  wire::AttachReply reply;
  const auto refuse = [&](Status status) {
    reply.status = static_cast<std::uint32_t>(status);
    return send(client, Parcel(wire::prepare(reply, request.header.serial)));
  };
  AttachOutcome outcome = x_manager.attach(client.session, std::string_view(request.name.data(), size),
                                           request.pages, request.mode, unix_time());
  if (outcome.status != Status::ok) {
    log_for(client,
            "attach to '" + std::string(request.name.data(), size) + "' refused: " + explain(outcome));
    return refuse(outcome.status);
  }
  const Attached mine = x_manager.connections().at(outcome.connection);
  const RegionState& region = x_manager.regions().at(mine.region);
  std::vector<PeerLink> links;
  const auto prepare_all = [&]() -> Result<void> {
    if (auto made = make_memory(outcome.events); !made) return made;
    if (auto made = x_store.create_client(mine.id, mine.index); !made) return made;
    for (const Id slot : region.slots) {
      if (slot == 0 || slot == mine.id) continue;
      auto there = make_doorbell();
      if (!there) return tl::unexpected(std::move(there.error()));
      auto back = make_doorbell();
      if (!back) return tl::unexpected(std::move(back.error()));
      links.push_back({&x_manager.connections().at(slot), std::move(*there), std::move(*back)});
    }
    return {};
  };
  UniqueFd read_only;
  auto prepared = prepare_all();
  if (prepared && !mine.writable) {
    auto opened = reopen_read_only(x_store.region(mine.region)->data.get());
    if (opened) read_only = std::move(*opened);
    if (!opened) prepared = tl::unexpected(std::move(opened.error()));
  }
  if (!prepared) {
    log_for(client, "attach to '" + outcome.host_name + "' failed: " + prepared.error().message());
    x_store.erase_client(mine.id);
    // Never journaled, never seen by anybody.
    if (outcome.created) x_store.erase_region(mine.region);
    [[maybe_unused]] const Events undone = x_manager.detach(client.session, mine.id);
    return refuse(Status::no_memory);
  }
  x_store.set_baseline(mine.id, mine.index, region.slots);
  carry_out(outcome.events);

  // Peers first: once the newcomer knows that it is attached, everybody it may signal has, or will find in
  // its socket, what it takes to notice, even if this process dies now.
  const SharedClient& own = *x_store.client(mine.id);
  for (PeerLink& link : links) {
    Client* peer = client_of(link.peer->session);
    if (peer == nullptr) continue;  // when it comes back, it renews this link
    wire::Came came;
    came.connection = link.peer->id;
    came.peer = {mine.index, mine.generation};
    Parcel news(wire::prepare(came));
    news.lend(own.page_read_only.get());
    news.give(std::move(link.to_peer.listen));
    news.give(std::move(link.from_peer.ring));
    if (!send(*peer, std::move(news))) x_doomed.insert(peer->socket.get());
  }

  const SharedRegion& shared = *x_store.region(mine.region);
  reply.index = mine.index;
  reply.connection = mine.id;
  reply.pages = region.created.pages;
  reply.writable = mine.writable ? 1 : 0;
  reply.changes = shared.shared().changes.load(std::memory_order_relaxed);
  reply.generation = mine.generation;
  for (const PeerLink& link : links)
    reply.peers[reply.peer_count++] = {link.peer->index, link.peer->generation};
  Parcel parcel(wire::prepare(reply, request.header.serial));
  parcel.lend(mine.writable ? shared.data.get() : read_only.get());
  parcel.lend(shared.page_read_only.get());
  parcel.lend(own.page.get());
  for (PeerLink& link : links) {
    parcel.lend(x_store.client(link.peer->id)->page_read_only.get());
    parcel.give(std::move(link.from_peer.listen));
    parcel.give(std::move(link.to_peer.ring));
  }
  return send(client, std::move(parcel));
}

bool Server::Impl::detach(Client& client, const wire::Detach& request) {
  if (request.connection != 0) {
    carry_out(x_manager.detach(client.session, request.connection));
  } else {
    const std::set<Id> all = x_manager.sessions().at(client.session).connections;
    for (const Id connection : all) carry_out(x_manager.detach(client.session, connection));
  }
  wire::DetachReply reply;
  reply.connection = request.connection;
  return send(client, Parcel(wire::prepare(reply, request.header.serial)));
}

}  // namespace qvm::regions
