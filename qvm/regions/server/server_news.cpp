// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Telling clients. One that does not read costs a bounded amount of memory and descriptors, and when it reads
// again it is told how things stand by then.
#include <sys/epoll.h>

#include <bit>

#include "qvm/regions/keeper/log.h"
#include "qvm/regions/server/server_impl.h"

namespace qvm::regions {
namespace {

constexpr std::chrono::milliseconds kRest{100};

// After a slow send the client has to wait so many times as long as it took: no client takes more than a
// quarter of this thread's time.
constexpr int kPauseFactor = 3;
// What no machine of an honest client takes, however slow it is. The limit of an attach is 2 s.
constexpr std::chrono::milliseconds kUnbearable{1000};

}  // namespace

void Server::Impl::update_interest(Client& client) {
  std::uint32_t interest = 0;
  if (client.reservation == 0 && !client.paused && !client.outbox.waiting()) interest |= EPOLLIN;
  if (!client.resting && !client.paused && (client.outbox.waiting() || !client.missed.empty()))
    interest |= EPOLLOUT;
  if (interest == client.interest) return;
  client.interest = interest;
  if (!x_loop->modify(client.socket.get(), interest)) x_doomed.insert(client.socket.get());
}

// Sending wakes whoever polls the other end, and a client that polls it very often would have this thread do
// nothing else. It is served less often, not cut off: on a slow or overcommitted machine waking takes
// milliseconds for everybody.
template <class Send>
wire::Outcome Server::Impl::send_to(Client& client, const Send& send) {
  const bool known = client.strain.is_slow(0);
  const wire::Outcome outcome = client.strain.measure(0, send);
  if (!client.strain.is_slow(0)) return outcome;
  const Strain::Duration took = client.strain.last();
  if (took > kUnbearable) {
    log_refusal(client, "cut-off", "cut off: waking it takes too long");
    return wire::Outcome::closed;
  }
  if (!known) log_refusal(client, "slow", "served less often: waking it takes long");
  set_for(client, &Client::paused,
          std::chrono::duration_cast<std::chrono::milliseconds>(took * kPauseFactor));
  return outcome;
}

void Server::Impl::set_for(Client& client, bool Client::*flag, std::chrono::milliseconds time) {
  if (client.*flag || client.session == 0 || time.count() == 0) return;
  client.*flag = true;
  const int fd = client.socket.get();
  const Id session = client.session;
  x_loop->after(time, [this, fd, session, flag] {
    Client* then = client_of(session);
    if (then == nullptr || then->socket.get() != fd) return;
    then->*flag = false;
    update_interest(*then);
  });
  update_interest(client);
}

wire::Outcome Server::Impl::flush(Client& client) {
  return send_to(client, [&client] { return client.outbox.flush(client.socket.get()); });
}

wire::Outcome Server::Impl::reply(Client& client, Parcel parcel) {
  const wire::Outcome outcome =
      send_to(client, [&] { return client.outbox.send(client.socket.get(), std::move(parcel)); });
  update_interest(client);
  return outcome;
}

wire::Outcome Server::Impl::send_word(Client& client, const Parcel& word) {
  if (client.paused || client.outbox.waiting()) return wire::Outcome::would_block;
  return send_to(client, [&] { return send(client.socket.get(), word); });
}

void Server::Impl::miss(Client& client, Id connection, std::uint32_t indices, wire::Outcome why) {
  client.missed[connection] |= indices;
  // The socket is writable all the time; what is short is short everywhere.
  if (why == wire::Outcome::no_room) set_for(client, &Client::resting, kRest);
  update_interest(client);
}

void Server::Impl::push(Client& client, Id connection, std::uint32_t index, const Parcel& news) {
  auto outcome = wire::Outcome::would_block;
  // Nothing overtakes what waits.
  if (!client.paused && !client.outbox.waiting() && client.missed.empty())
    outcome = send_to(client, [&] { return send(client.socket.get(), news); });
  if (outcome == wire::Outcome::done) return;
  if (outcome == wire::Outcome::would_block || outcome == wire::Outcome::no_room) {
    return miss(client, connection, 1U << index, outcome);
  }
  x_doomed.insert(client.socket.get());
}

Parcel Server::Impl::came(Id connection, const Attached& newcomer, UniqueFd listen, UniqueFd ring) const {
  wire::Came message;
  message.connection = connection;
  message.peer = {newcomer.index, newcomer.generation};
  Parcel parcel(wire::prepare(message));
  parcel.lend(x_store.client(newcomer.id)->page_read_only.get());
  parcel.give(std::move(listen));
  parcel.give(std::move(ring));
  return parcel;
}

void Server::Impl::push_came(Client& client, Id connection, const Attached& newcomer, UniqueFd listen,
                             UniqueFd ring) {
  push(client, connection, newcomer.index, came(connection, newcomer, std::move(listen), std::move(ring)));
}

void Server::Impl::tell_went(const Detached& detached) {
  const auto found = x_manager.regions().find(detached.region);
  if (found == x_manager.regions().end()) return;
  for (const Id slot : found->second.slots) {
    if (slot == 0) continue;
    Client* peer = client_of(x_manager.connections().at(slot).session);
    if (peer == nullptr) continue;
    wire::Went went;
    went.connection = slot;
    went.peer = {detached.index, detached.generation};
    push(*peer, slot, detached.index, Parcel(wire::prepare(went)));
  }
}

// False: it is beyond help.
bool Server::Impl::catch_up(Client& client) {
  while (!client.missed.empty() && !client.resting && !client.paused) {
    const Id connection = client.missed.begin()->first;
    std::uint32_t indices = client.missed.begin()->second;
    client.missed.erase(client.missed.begin());
    const wire::Outcome outcome = catch_up(client, connection, indices);
    if (outcome == wire::Outcome::done) continue;
    if (outcome != wire::Outcome::would_block && outcome != wire::Outcome::no_room) return false;
    miss(client, connection, indices, outcome);
    break;
  }
  update_interest(client);
  return true;
}

// Takes away from indices what it could tell.
wire::Outcome Server::Impl::catch_up(Client& client, Id connection, std::uint32_t& indices) {
  const auto found = x_manager.connections().find(connection);
  if (found == x_manager.connections().end()) return wire::Outcome::done;  // it has detached meanwhile
  const Attached& mine = found->second;
  const RegionState& region = x_manager.regions().at(mine.region);
  wire::Roster roster;
  roster.connection = connection;
  for (const Id slot : region.slots) {
    if (slot == 0 || slot == connection) continue;
    const Attached& peer = x_manager.connections().at(slot);
    roster.peers[roster.peer_count++] = {peer.index, peer.generation};
  }
  const auto tell = [&](const Parcel& news) {
    return send_to(client, [&] { return send(client.socket.get(), news); });
  };
  auto outcome = tell(Parcel(wire::prepare(roster)));
  while (outcome == wire::Outcome::done && indices != 0) {
    const auto index = static_cast<unsigned>(std::countr_zero(indices));
    const Id slot = region.slots[index];
    if (slot != 0 && slot != connection) {
      const Attached& peer = x_manager.connections().at(slot);
      Client* other = client_of(peer.session);
      if (other != nullptr) {  // when it comes back, it renews this link
        auto there = make_doorbell();
        auto back = make_doorbell();
        if (!there || !back) return wire::Outcome::no_room;
        outcome = tell(came(connection, peer, std::move(back->listen), std::move(there->ring)));
        if (outcome != wire::Outcome::done) break;
        push_came(*other, slot, mine, std::move(there->listen), std::move(back->ring));
      }
    }
    indices &= indices - 1;
  }
  return outcome;
}

}  // namespace qvm::regions
