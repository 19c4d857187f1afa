// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/client/client_connection.h"

#include <sys/epoll.h>

#include <utility>

namespace qvm::regions {

ClientConnection::ClientConnection(Parts parts)
    : x_parts(std::move(parts)),
      x_seen_changes(x_parts.changes),
      x_seen_attached(region().attached.load(std::memory_order_acquire)) {
  // If somebody has come or gone since the attach, changes tell; the mask of the attach itself is no news.
}

ClientConnection::~ClientConnection() {
  for (unsigned i = 0; i < kMaxClients; ++i) forget(i);
}

const ClientPage* ClientConnection::page_of(unsigned index) const {
  if (index == x_parts.index) return &own();
  const Peer& peer = x_peers[index];
  return peer.known ? static_cast<const ClientPage*>(peer.page.data()) : nullptr;
}

bool ClientConnection::has_signal(unsigned index) const {
  const ClientPage* page = page_of(index);
  return page != nullptr && page->sent[x_parts.index].load(std::memory_order_acquire) !=
                                own().seen[index].load(std::memory_order_relaxed);
}

std::uint32_t ClientConnection::read_status() {
  // Counter first: whoever changes the set after that leaves the counter different from what is noted here.
  x_seen_changes = region().changes.load(std::memory_order_acquire);
  x_seen_attached = region().attached.load(std::memory_order_acquire);
  std::uint32_t senders = std::exchange(x_latched, 0);
  for (unsigned i = 0; i < kMaxClients; ++i) {
    const ClientPage* page = page_of(i);
    if (page == nullptr) continue;
    const std::uint32_t sent = page->sent[x_parts.index].load(std::memory_order_acquire);
    if (sent == own().seen[i].load(std::memory_order_relaxed)) continue;
    own().seen[i].store(sent, std::memory_order_release);
    senders |= 1U << i;
  }
  return (senders & 0xffff) | x_seen_attached << 16;
}

bool ClientConnection::pending() const {
  if (x_latched != 0 || region().changes.load(std::memory_order_acquire) != x_seen_changes ||
      region().attached.load(std::memory_order_acquire) != x_seen_attached) {
    return true;
  }
  for (unsigned i = 0; i < kMaxClients; ++i) {
    if (has_signal(i)) return true;
  }
  return false;
}

void ClientConnection::notify(std::uint32_t targets) {
  const std::uint32_t me = 1U << x_parts.index;
  std::uint32_t left = region().attached.load(std::memory_order_acquire) & 0xffff;
  left &= targets == 0xffffffff ? ~me : targets;
  for (unsigned i = 0; left != 0; ++i, left >>= 1) {
    if ((left & 1) == 0) continue;
    SharedCounter& sent = own().sent[i];
    sent.store(sent.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    if (i == x_parts.index) {
      ring_doorbell(x_parts.self_event);
    } else {
      ring(i);
    }
  }
}

void ClientConnection::ring(unsigned index) {
  const auto& doorbell = x_peers[index].ring;
  if (!doorbell) return;  // add_peer() will ring
  if (x_parts.ringer != nullptr && x_strain.is_slow(index)) return x_parts.ringer->ring(doorbell);
  x_strain.measure(index, [&] { return ring_doorbell(doorbell->get()); });
}

bool ClientConnection::map_peer(unsigned index, std::uint32_t generation, const UniqueFd& page) {
  auto mapping = Mapping::map(page.get(), kPageBytes, Mapping::Access::read_only);
  if (!mapping) return false;
  Peer& peer = x_peers[index];
  peer.page = std::move(*mapping);
  peer.generation = generation;
  peer.known = true;
  return true;
}

void ClientConnection::meet_peer(unsigned index, std::uint32_t generation, UniqueFd page, UniqueFd listen,
                                 UniqueFd ring) {
  if (index >= kMaxClients || index == x_parts.index) return;
  // qvm-regiond has noted in my page what this peer sent before I came.
  if (map_peer(index, generation, page)) hang_doorbells(index, std::move(listen), std::move(ring));
}

void ClientConnection::add_peer(unsigned index, std::uint32_t generation, UniqueFd page, UniqueFd listen,
                                UniqueFd ring) {
  if (index >= kMaxClients || index == x_parts.index) return;
  const Peer& peer = x_peers[index];
  if (!peer.known || peer.generation != generation) {
    if (peer.known) remove_peer(index, peer.generation);
    if (!map_peer(index, generation, page)) return;
    // Its page counts from 0, whatever was seen of whoever had the index before.
    own().seen[index].store(0, std::memory_order_release);
  }
  hang_doorbells(index, std::move(listen), std::move(ring));
}

void ClientConnection::hang_doorbells(unsigned index, UniqueFd listen, UniqueFd ring) {
  Peer& peer = x_peers[index];
  if (peer.listen) ::epoll_ctl(x_parts.epoll, EPOLL_CTL_DEL, peer.listen.get(), nullptr);
  peer.listen = std::move(listen);
  peer.ring = std::make_shared<UniqueFd>(std::move(ring));
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.u64 = kDoorbellTag;
  ::epoll_ctl(x_parts.epoll, EPOLL_CTL_ADD, peer.listen.get(), &event);
  // What was sent before there was this doorbell.
  const auto* theirs = static_cast<const ClientPage*>(peer.page.data());
  if (own().sent[index].load(std::memory_order_relaxed) !=
      theirs->seen[x_parts.index].load(std::memory_order_acquire)) {
    this->ring(index);
  }
}

void ClientConnection::remove_peer(unsigned index, std::uint32_t generation) {
  if (index >= kMaxClients || !x_peers[index].known || x_peers[index].generation != generation) return;
  if (has_signal(index)) x_latched |= 1U << index;
  forget(index);
}

void ClientConnection::keep_only(const PeerName* peers, std::size_t count) {
  for (unsigned i = 0; i < kMaxClients; ++i) {
    bool listed = false;
    for (std::size_t p = 0; p < count; ++p) {
      listed = listed || (peers[p].index == i && peers[p].generation == x_peers[i].generation);
    }
    if (!listed) remove_peer(i, x_peers[i].generation);
  }
}

void ClientConnection::forget(unsigned index) {
  Peer& peer = x_peers[index];
  if (peer.listen) ::epoll_ctl(x_parts.epoll, EPOLL_CTL_DEL, peer.listen.get(), nullptr);
  peer = Peer();
}

}  // namespace qvm::regions
