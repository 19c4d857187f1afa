// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// One connection against pages and doorbells that the test holds itself: every order of events a daemon may
// cause.
#include "qvm/regions/client/client_connection.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <map>

#include "qvm/regions/server/memory.h"
#include "qvm/regions/server/region_store.h"

namespace qvm::regions {
namespace {

constexpr Id kRegion = 100;

class RegionConnection : public ::testing::Test {
 protected:
  struct Member {
    std::unique_ptr<ClientConnection> connection;
    UniqueFd epoll;
    UniqueFd self;
    std::uint32_t generation = 0;
  };

  void SetUp() override { start_anew(); }

  void start_anew() {
    members.clear();
    waiting.clear();
    gone.clear();
    slots = {};
    generations = {};
    store = RegionStore();
    RegionCreated created;
    created.id = kRegion;
    created.pages = 1;
    ASSERT_TRUE(store.create_region(created, 0));
  }

  static UniqueFd copy(const UniqueFd& fd) { return UniqueFd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0)); }
  static Doorbell doorbell() {
    auto made = make_doorbell();
    return made ? std::move(*made) : Doorbell();
  }
  static Mapping map(const UniqueFd& page, Mapping::Access access) {
    auto mapping = Mapping::map(page.get(), kPageBytes, access);
    return mapping ? std::move(*mapping) : Mapping();
  }
  static Id client_id(unsigned index, std::uint32_t generation) { return 1000 + generation * 16 + index; }

  // What qvm-regiond does up to the moment at which the newcomer is visible; peers are told later, by
  // introduce().
  Member& join(unsigned index) {
    const std::uint32_t generation = ++generations[index];
    const Id id = client_id(index, generation);
    slots[index] = id;
    Attached attached;
    attached.id = id;
    attached.region = kRegion;
    attached.index = index;
    EXPECT_TRUE(store.create_client(attached, slots));
    publish();
    Member& member = members[index];
    member = Member();
    member.generation = generation;
    member.epoll.reset(::epoll_create1(EPOLL_CLOEXEC));
    member.self.reset(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    ClientConnection::Parts parts;
    parts.id = id;
    parts.name = "moo";
    parts.index = index;
    parts.pages = 1;
    parts.changes = store.region(kRegion)->published.changes;
    parts.region_page.mapping = map(store.region(kRegion)->page.read_only, Mapping::Access::read_only);
    parts.own_page.mapping = map(store.client(id)->page, Mapping::Access::read_write);
    parts.epoll = member.epoll.get();
    parts.self_event = member.self.get();
    member.connection = std::make_unique<ClientConnection>(std::move(parts));
    for (auto& [other, peer] : members) {
      if (other == index) continue;
      Doorbell in = doorbell();
      Doorbell out = doorbell();
      member.connection->meet_peer(other, peer.generation, page_of(other), std::move(in.listen),
                                   std::move(out.ring));
      waiting[{other, index}] = {std::move(out.listen), std::move(in.ring)};
    }
    return member;
  }
  // The peer gets the news of the newcomer.
  void introduce(unsigned peer, unsigned newcomer) {
    auto& ends = waiting.at({peer, newcomer});
    members.at(peer).connection->add_peer(newcomer, members.at(newcomer).generation, page_of(newcomer),
                                          std::move(ends.first), std::move(ends.second));
    waiting.erase({peer, newcomer});
  }
  void leave(unsigned index) {
    slots[index] = 0;
    publish();
    gone[index] = members.at(index).generation;
    members.erase(index);
  }
  void tell_went(unsigned peer, unsigned index) {
    members.at(peer).connection->remove_peer(index, gone.at(index));
  }
  void publish() {
    std::uint32_t mask = 0;
    for (unsigned i = 0; i < kMaxClients; ++i) mask |= slots[i] != 0 ? 1U << i : 0;
    store.publish(kRegion, mask, generations);
  }
  UniqueFd page_of(unsigned index) { return copy(store.client(slots[index])->page_read_only); }
  ClientConnection& at(unsigned index) { return *members.at(index).connection; }
  // Consumes it, as process() does.
  bool wakes(unsigned index) {
    epoll_event event{};
    return ::epoll_wait(members.at(index).epoll.get(), &event, 1, 0) == 1;
  }
  bool is_woken(unsigned index) {
    pollfd waiting_for{members.at(index).epoll.get(), POLLIN, 0};
    return ::poll(&waiting_for, 1, 0) == 1;
  }

  RegionStore store;
  std::array<Id, kMaxClients> slots{};
  std::array<std::uint32_t, kMaxClients> generations{};
  std::map<unsigned, std::uint32_t> gone;
  std::map<unsigned, Member> members;
  std::map<std::pair<unsigned, unsigned>, std::pair<UniqueFd, UniqueFd>> waiting;  // listen, ring
};

TEST_F(RegionConnection, PendingBitsAreFlagsAndClearedByReading) {
  join(0);
  join(1);
  introduce(0, 1);
  EXPECT_EQ(at(0).read_status(), 0x00030000U);
  at(1).notify(1);
  at(1).notify(1);
  EXPECT_TRUE(at(0).pending());
  EXPECT_TRUE(is_woken(0));
  EXPECT_EQ(at(0).read_status(), 0x00030002U);
  EXPECT_FALSE(at(0).pending());
  EXPECT_EQ(at(0).read_status(), 0x00030000U);
}

TEST_F(RegionConnection, NotifyTakesMasksLiterallyButForOne) {
  for (unsigned i = 0; i < 3; ++i) join(i);
  introduce(0, 1);
  introduce(0, 2);
  introduce(1, 2);
  at(0).notify(0xffffffff);
  EXPECT_EQ(at(0).read_status() & 0xffff, 0U);
  EXPECT_EQ(at(1).read_status() & 0xffff, 1U);
  EXPECT_EQ(at(2).read_status() & 0xffff, 1U);
  at(0).notify(0xffff0004);
  EXPECT_EQ(at(1).read_status() & 0xffff, 0U);
  EXPECT_EQ(at(2).read_status() & 0xffff, 1U);
  at(0).notify(0x7fffffff);
  EXPECT_EQ(at(0).read_status() & 0xffff, 1U);
  at(0).notify(0x0000fff8);
  EXPECT_EQ(at(0).read_status() & 0xffff, 0U);
}

TEST_F(RegionConnection, APeerThatIsKnownOnlyByItsBitCanBeSignalled) {
  join(0);
  join(1);
  at(0).notify(2);  // before the news of it came: no doorbell yet
  EXPECT_FALSE(is_woken(1));
  EXPECT_TRUE(at(1).pending());
  introduce(0, 1);
  EXPECT_TRUE(is_woken(1));
  EXPECT_EQ(at(1).read_status() & 0xffff, 1U);
}

TEST_F(RegionConnection, ASignalBeforeTheNewsOfItsSenderIsNotLost) {
  join(0);
  join(1);
  at(1).notify(1);
  EXPECT_EQ(at(0).read_status(), 0x00030000U);
  introduce(0, 1);
  EXPECT_TRUE(is_woken(0));
  EXPECT_EQ(at(0).read_status(), 0x00030002U);
}

TEST_F(RegionConnection, WhatWasSentBeforeIAttachedIsNotMine) {
  join(0);
  join(1);
  introduce(0, 1);
  at(0).notify(2);
  at(0).notify(2);
  leave(1);
  tell_went(0, 1);
  join(1);
  EXPECT_EQ(at(1).read_status() & 0xffff, 0U);
  introduce(0, 1);
  EXPECT_FALSE(at(1).pending());
  at(0).notify(2);
  EXPECT_EQ(at(1).read_status() & 0xffff, 1U);
}

TEST_F(RegionConnection, NoCountOfAPredecessorHidesOrFakesASignal) {
  // However many signals the predecessor sent and however many were seen, the successor's first one counts.
  for (unsigned sent = 0; sent < 4; ++sent) {
    for (const bool read : {false, true}) {
      for (const bool told : {false, true}) {
        start_anew();
        join(0);
        join(1);
        introduce(0, 1);
        for (unsigned i = 0; i < sent; ++i) at(1).notify(1);
        const std::uint32_t before = read ? at(0).read_status() & 0xffff : 0;
        leave(1);
        if (told) tell_went(0, 1);
        join(1);
        introduce(0, 1);
        const std::uint32_t latched = at(0).read_status() & 0xffff;
        EXPECT_EQ((before | latched) != 0, sent > 0);
        EXPECT_FALSE(at(0).pending());
        at(1).notify(1);
        EXPECT_TRUE(at(0).pending());
        EXPECT_EQ(at(0).read_status() & 0xffff, 2U) << sent << read << told;
      }
    }
  }
}

TEST_F(RegionConnection, SignalsOfOneThatWentAreKept) {
  join(0);
  join(1);
  introduce(0, 1);
  at(0).read_status();
  at(1).notify(1);
  leave(1);
  tell_went(0, 1);
  EXPECT_TRUE(at(0).pending());
  EXPECT_EQ(at(0).read_status(), 0x00010002U);
  EXPECT_FALSE(at(0).pending());
}

TEST_F(RegionConnection, ComingAndGoingIsNewsToOthersOnly) {
  join(0);
  EXPECT_FALSE(at(0).pending());
  join(1);
  EXPECT_TRUE(at(0).pending());
  EXPECT_FALSE(at(1).pending());
  EXPECT_EQ(at(0).read_status(), 0x00030000U);
  leave(1);
  EXPECT_TRUE(at(0).pending());
  join(1);
  EXPECT_TRUE(at(0).pending()) << "left and joined again: the same bits, but news";
  EXPECT_EQ(at(0).read_status(), 0x00030000U);
}

TEST_F(RegionConnection, NewDoorbellsForAKnownPeerLoseNothing) {
  join(0);
  join(1);
  introduce(0, 1);
  at(0).read_status();
  at(1).notify(1);
  Doorbell in = doorbell();
  Doorbell out = doorbell();
  at(0).add_peer(1, members.at(1).generation, page_of(1), std::move(in.listen), std::move(out.ring));
  EXPECT_EQ(at(0).read_status() & 0xffff, 2U);
  // 1 still rings the old doorbell, which nobody hears; on getting its own new ends it rings again.
  at(1).notify(1);
  EXPECT_FALSE(is_woken(0));
  at(1).add_peer(0, members.at(0).generation, page_of(0), std::move(out.listen), std::move(in.ring));
  EXPECT_TRUE(is_woken(0));
  EXPECT_EQ(at(0).read_status() & 0xffff, 2U);
}

TEST_F(RegionConnection, ARosterRemovesWhoIsNotInIt) {
  for (unsigned i = 0; i < 3; ++i) join(i);
  introduce(0, 1);
  introduce(0, 2);
  at(1).notify(1);
  const ClientConnection::PeerName present[] = {{2, 1}};
  at(0).keep_only(present, 1);
  EXPECT_EQ(at(0).read_status() & 0xffff, 2U) << "its last signal";
  at(1).notify(1);
  EXPECT_EQ(at(0).read_status() & 0xffff, 0U) << "a signal of one that has gone";
  at(2).notify(1);
  EXPECT_EQ(at(0).read_status() & 0xffff, 4U);
}

TEST_F(RegionConnection, HoweverOftenADoorbellRingsItWakesOnce) {
  join(0);
  join(1);
  introduce(0, 1);
  for (int i = 0; i < 5000; ++i) at(1).notify(1);
  EXPECT_TRUE(wakes(0));
  EXPECT_FALSE(wakes(0));
  EXPECT_TRUE(at(0).pending());
  at(1).notify(1);
  EXPECT_TRUE(wakes(0)) << "though nobody has read the doorbell";
}

TEST_F(RegionConnection, GarbageInAHostilePeersPageIsOnlyCompared) {
  join(0);
  join(1);
  introduce(0, 1);
  const Mapping mapping = map(store.client(slots[1])->page, Mapping::Access::read_write);
  ClientPage& page = *static_cast<ClientPage*>(mapping.data());
  for (const std::uint32_t value : {0xffffffffU, 0x80000000U, 1U}) {
    for (SharedCounter& counter : page.sent) counter = value;
    for (SharedCounter& counter : page.seen) counter = value;
    page.index = value;
    page.size = value;
    page.magic = value;
    EXPECT_EQ(at(0).read_status() & 0xffff, 2U);
    at(0).notify(0xffff);
    EXPECT_EQ(at(0).read_status() & 0xffff, 1U);
  }
}

TEST_F(RegionConnection, IndicesOutOfRangeAreIgnored) {
  join(0);
  Doorbell bell = doorbell();
  at(0).add_peer(16, 1, copy(store.client(slots[0])->page), std::move(bell.listen), std::move(bell.ring));
  at(0).remove_peer(99, 1);
  EXPECT_EQ(at(0).read_status(), 0x00010000U);
}

}  // namespace
}  // namespace qvm::regions
