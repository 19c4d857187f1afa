// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// One attachment as its client sees it: pages mapped, doorbells in hand. Needs no daemon for a signal.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "qvm/base/mapping.h"
#include "qvm/regions/client/client.h"
#include "qvm/regions/wire/pages.h"
#include "qvm/regions/wire/ringer.h"

namespace qvm::regions {

// What the client's epoll instance says about a doorbell. There is nothing to do about it: the news is in the
// pages.
inline constexpr std::uint64_t kDoorbellTag = 1;

// A page that is mapped, and the number by which qvm-regiond knows it.
struct NumberedPage {
  std::uint64_t number = 0;  // 0: none
  Mapping mapping;
};

// Same threading as its Client.
class ClientConnection final : public Connection {
 public:
  struct Parts {
    std::uint64_t id = 0;  // qvm-regiond's number
    std::string name;
    unsigned index = 0;
    std::uint64_t pages = 0;
    bool writable = false;
    std::uint32_t changes = 0;  // of the region page at the attach
    UniqueFd data;
    NumberedPage region_page;
    NumberedPage own_page;
    int epoll = -1;            // the client's
    int self_event = -1;       // the client's; made readable by a signal to myself
    Ringer* ringer = nullptr;  // the client's
  };

  explicit ClientConnection(Parts parts);
  ~ClientConnection() override;

  unsigned index() const override { return x_parts.index; }
  std::uint64_t pages() const override { return x_parts.pages; }
  int data_fd() const override { return x_parts.data.get(); }
  bool writable() const override { return x_parts.writable; }
  const std::string& name() const override { return x_parts.name; }
  std::uint32_t read_status() override;
  bool pending() const override;
  void notify(std::uint32_t targets) override;

  std::uint64_t id() const { return x_parts.id; }
  // For the next attach. Afterwards the connection can only be destroyed.
  NumberedPage take_region_page() { return std::move(x_parts.region_page); }
  NumberedPage take_own_page() { return std::move(x_parts.own_page); }
  // qvm-regiond does not know this connection any more; it goes on among those who have it.
  bool orphaned() const { return x_orphaned; }
  void orphan() { x_orphaned = true; }

  // A peer that was there before me. A page that cannot be mapped leaves it unknown: no signals from it.
  void meet_peer(unsigned index, std::uint32_t generation, UniqueFd page, UniqueFd listen, UniqueFd ring);
  // A peer that came after me, or whose doorbells are exchanged for new ones.
  void add_peer(unsigned index, std::uint32_t generation, UniqueFd page, UniqueFd listen, UniqueFd ring);
  // Its last signals stay pending.
  void remove_peer(unsigned index, std::uint32_t generation);
  // Whoever is not among these has gone.
  struct PeerName {
    unsigned index = 0;
    std::uint32_t generation = 0;
  };
  void keep_only(const PeerName* peers, std::size_t count);

 private:
  struct Peer {
    bool known = false;
    std::uint32_t generation = 0;
    Mapping page;
    UniqueFd listen;
    std::shared_ptr<UniqueFd> ring;  // null: none yet
  };

  RegionPage& region() const { return *static_cast<RegionPage*>(x_parts.region_page.mapping.data()); }
  ClientPage& own() const { return *static_cast<ClientPage*>(x_parts.own_page.mapping.data()); }
  // The page of whoever can have signals for me at this index, me included; null if nobody.
  const ClientPage* page_of(unsigned index) const;
  bool has_signal(unsigned index) const;
  bool map_peer(unsigned index, std::uint32_t generation, const UniqueFd& page);
  void hang_doorbells(unsigned index, UniqueFd listen, UniqueFd ring);
  void forget(unsigned index);
  void ring(unsigned index);

  Parts x_parts;
  std::array<Peer, kMaxClients> x_peers;
  Strain x_strain;
  std::uint32_t x_latched = 0;  // pending signals of peers that have gone
  std::uint32_t x_seen_changes;
  std::uint32_t x_seen_attached;
  bool x_orphaned = false;
};

}  // namespace qvm::regions
