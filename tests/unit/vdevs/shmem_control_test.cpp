// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Control pages and the interrupt line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/unit/vdevs/shmem_fakes.h"

namespace qvm::shmem::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// One attached region with index 0, and peer 3 attached.
struct Attached : Machine {
  Attached() : control(attach("moo")), connection(client.at(0)) { connection.attached |= 1u << 3; }
  std::uint64_t control;
  FakeConnection& connection;
};

TEST(ShmemControl, ReadsSendersBelowAndAttachedAbove) {
  Attached machine;
  machine.connection.signal_from(3);
  EXPECT_EQ(machine.host.read(machine.control, 4), 0x00090008u);
  EXPECT_EQ(machine.host.read(machine.control, 4), 0x00090000u) << "reading clears the senders";
}

struct StatusRead {
  std::uint64_t offset;
  unsigned width;
  std::uint64_t value;
};
class ShmemStatusRead : public ::testing::TestWithParam<StatusRead> {};

TEST_P(ShmemStatusRead, IsCompleteAndGivesItsSlice) {
  Attached machine;
  machine.connection.attached = 0xa5c3;
  machine.connection.senders = 0x5a3c;
  machine.device.events();
  EXPECT_EQ(machine.host.read(machine.control + GetParam().offset, GetParam().width), GetParam().value);
  EXPECT_EQ(machine.connection.status_reads, 1u);
  EXPECT_FALSE(machine.host.line_high());
}

INSTANTIATE_TEST_SUITE_P(Widths, ShmemStatusRead,
                         ::testing::Values(StatusRead{0, 1, 0x3c}, StatusRead{1, 1, 0x5a},
                                           StatusRead{2, 1, 0xc3}, StatusRead{3, 1, 0xa5},
                                           StatusRead{0, 2, 0x5a3c}, StatusRead{1, 2, 0xc35a},
                                           StatusRead{2, 2, 0xa5c3}, StatusRead{3, 2, 0x00a5},
                                           StatusRead{0, 4, 0xa5c35a3c}, StatusRead{2, 4, 0x0000a5c3},
                                           StatusRead{3, 4, 0x000000a5}, StatusRead{0, 8, 0x00000000a5c35a3c},
                                           StatusRead{3, 8, 0x00000000000000a5}));

TEST(ShmemControl, ReadsThatDoNotTouchStatusLeaveItAlone) {
  Attached machine;
  machine.connection.signal_from(3);
  machine.device.events();
  for (const unsigned width : {1u, 2u, 4u, 8u}) {
    for (std::uint64_t offset = kControlIndex; offset + width <= kPageBytes; offset += width) {
      machine.host.read(machine.control + offset, width);
    }
  }
  EXPECT_EQ(machine.connection.status_reads, 0u);
  EXPECT_TRUE(machine.host.line_high());
}

TEST(ShmemControl, ReadsItsIndexAndZeroElsewhere) {
  Machine machine;
  machine.client.next_index = 9;
  const std::uint64_t control = machine.attach("moo");
  EXPECT_EQ(machine.host.read(control + kControlIndex, 4), 9u);
  EXPECT_EQ(machine.host.read(control + kControlIndex, 8), 9u);
  EXPECT_EQ(machine.host.read(control + kControlNotify, 4), 0u);
  EXPECT_EQ(machine.host.read(control + kControlDetach, 4), 0u);
  EXPECT_EQ(machine.host.read(control + 0x10, 8), 0u);
  EXPECT_EQ(machine.host.read(control + 0xff8, 8), 0u);
}

TEST(ShmemControl, IgnoresStoresToReadOnlyRegistersAndTheRestOfThePage) {
  Attached machine;
  for (const unsigned width : {1u, 2u, 4u, 8u}) {
    for (std::uint64_t offset = 0; offset + width <= kControlNotify; offset += width) {
      machine.host.write(machine.control + offset, width, ~0ull);
    }
    for (std::uint64_t offset = kControlEnd; offset + width <= kPageBytes; offset += width) {
      machine.host.write(machine.control + offset, width, ~0ull);
    }
  }
  EXPECT_THAT(machine.connection.notified, IsEmpty());
  EXPECT_EQ(machine.client.detaches, 0u);
}

struct NotifyStore {
  std::uint64_t offset;
  unsigned width;
  std::uint64_t value;
  std::vector<std::uint32_t> notified;
};
class ShmemNotifyStore : public ::testing::TestWithParam<NotifyStore> {};

TEST_P(ShmemNotifyStore, ActsIfItCoversTheLowestByte) {
  Attached machine;
  machine.host.write(machine.control + GetParam().offset, GetParam().width, GetParam().value);
  EXPECT_EQ(machine.connection.notified, GetParam().notified);
  EXPECT_EQ(machine.client.detaches, 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Widths, ShmemNotifyStore,
    ::testing::Values(NotifyStore{8, 4, 0xffffffff, {0xffffffff}}, NotifyStore{8, 4, 0xffff, {0xffff}},
                      NotifyStore{8, 4, 0, {0}}, NotifyStore{8, 4, 0x80000001, {0x80000001}},
                      // Narrow stores are literal: only four bytes of ones are "everyone but me".
                      NotifyStore{8, 2, 0xffff, {0xffff}}, NotifyStore{8, 1, 0xff, {0xff}},
                      NotifyStore{9, 1, 0xff, {}}, NotifyStore{0xa, 2, 0xffff, {}},
                      NotifyStore{7, 2, 0x0700, {7}}, NotifyStore{6, 4, 0x12340000, {0x1234}},
                      NotifyStore{4, 8, 0x0000000500000009, {5}}));

TEST(ShmemControl, DoesEachNotifyInOneStore) {
  Attached machine;
  for (std::uint32_t i = 1; i <= 1000; ++i)
    machine.host.write(machine.control + kControlNotify, 4, i & 0xffff);
  EXPECT_EQ(machine.connection.notified.size(), 1000u);
}

TEST(ShmemControl, NotifyOfMyselfRaisesMyLineAtOnce) {
  Attached machine;
  machine.connection.signal_from(0);  // what notify(0xffff) does to its sender
  machine.host.write(machine.control + kControlNotify, 4, 0xffff);
  EXPECT_TRUE(machine.host.line_high());
}

struct DetachStore {
  std::uint64_t offset;
  unsigned width;
  std::uint64_t value;
};
class ShmemDetachStore : public ::testing::TestWithParam<DetachStore> {};

TEST_P(ShmemDetachStore, LeavesWithAnyValue) {
  Attached machine;
  machine.host.write(machine.control + GetParam().offset, GetParam().width, GetParam().value);
  EXPECT_EQ(machine.client.detaches, 1u);
  EXPECT_THAT(machine.host.pages, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Stores, ShmemDetachStore,
                         ::testing::Values(DetachStore{0xc, 4, 0}, DetachStore{0xc, 4, 1},
                                           DetachStore{0xc, 4, ~0ull}, DetachStore{0xc, 1, 0},
                                           DetachStore{0xc, 2, 7}, DetachStore{0xc, 8, 0},
                                           DetachStore{0xb, 2, 0}, DetachStore{0x8, 8, 0}));

TEST(ShmemControl, AStoreOverNotifyAndDetachNotifiesFirst) {
  Attached machine;
  std::vector<std::uint32_t> notified;
  machine.connection.on_notify = [&] {
    EXPECT_EQ(machine.client.detaches, 0u);
    notified = machine.connection.notified;
  };
  machine.host.write(machine.control + kControlNotify, 8, 0x0000000000000005);
  EXPECT_THAT(notified, ElementsAre(5u));
  EXPECT_EQ(machine.client.detaches, 1u);
}

TEST(ShmemControl, DetachLowersTheLineForWhatWasPendingThere) {
  Attached machine;
  machine.connection.signal_from(3);
  machine.device.events();
  EXPECT_TRUE(machine.host.line_high());
  machine.host.write(machine.control + kControlDetach, 4, 0);
  EXPECT_FALSE(machine.host.line_high());
}

TEST(ShmemControl, DetachOfOneConnectionLeavesTheOthers) {
  Machine machine;
  const std::uint64_t first = machine.attach("same");
  const std::uint64_t second = machine.attach("same");
  machine.host.write(first + kControlDetach, 4, 0);
  EXPECT_EQ(machine.host.read(first + kControlIndex, 4), ~std::uint64_t{0});
  EXPECT_EQ(machine.host.read(second + kControlIndex, 4), 1u);
}

TEST(ShmemControl, TwoThousandFiveHundredCyclesLeaveNothing) {
  Machine machine;
  for (int i = 0; i < 2500; ++i) {
    const std::uint64_t control = machine.attach("moo");
    ASSERT_NE(control, 0u) << "cycle " << i;
    machine.host.write(control + kControlDetach, 4, 1);
  }
  EXPECT_EQ(machine.client.detaches, 2500u);
  EXPECT_THAT(machine.client.live, IsEmpty());
  EXPECT_THAT(machine.host.pages, IsEmpty());
}

TEST(ShmemLine, IsLowAfterMyOwnAttach) {
  Attached machine;
  machine.device.events();
  EXPECT_THAT(machine.host.line, IsEmpty());
}

TEST(ShmemLine, RisesOnceForManySignals) {
  Attached machine;
  machine.connection.signal_from(3);
  machine.device.events();
  machine.connection.signal_from(4);
  machine.device.events();
  EXPECT_THAT(machine.host.line, ElementsAre(true));
}

TEST(ShmemLine, RisesWhenAPeerComesAndWhenItGoes) {
  Attached machine;
  machine.connection.peer_came(5);
  machine.device.events();
  machine.host.read(machine.control, 4);
  machine.connection.peer_went(5);
  machine.device.events();
  EXPECT_THAT(machine.host.line, ElementsAre(true, false, true));
}

TEST(ShmemLine, StaysHighUntilEveryConnectionIsRead) {
  Machine machine;
  const std::uint64_t first = machine.attach("first");
  const std::uint64_t second = machine.attach("second");
  machine.client.at(0).signal_from(7);
  machine.client.at(1).signal_from(7);
  machine.device.events();
  machine.host.read(first, 4);
  EXPECT_TRUE(machine.host.line_high());
  machine.host.read(second, 4);
  EXPECT_FALSE(machine.host.line_high());
}

TEST(ShmemLine, MakesANewEdgeForNewsThatCameDuringAStatusRead) {
  Attached machine;
  machine.connection.signal_from(3);
  machine.device.events();
  machine.connection.after_read = [&] { machine.connection.signal_from(4); };
  EXPECT_EQ(machine.host.read(machine.control, 4), 0x00090008u);
  EXPECT_THAT(machine.host.line, ElementsAre(true, false, true));
}

TEST(ShmemLine, MayFindNewsWithoutTheEventThreadHavingRun) {
  Attached machine;
  machine.connection.signal_from(3);
  EXPECT_EQ(machine.host.read(machine.control, 4), 0x00090008u);
  machine.device.events();
  EXPECT_FALSE(machine.host.line_high()) << "what was read must not interrupt later";
}

TEST(ShmemLine, APollingGuestSeesWhatTheEventThreadHasNotHandledYet) {
  Attached machine;
  machine.client.on_process = [&] { machine.connection.signal_from(3); };
  EXPECT_EQ(machine.host.read(machine.control, 4), 0x00090008u);
}

TEST(ShmemLine, TakesInNewsThatCameWhileAttachingAnother) {
  Attached machine;
  machine.client.on_attach = [&] { machine.connection.signal_from(3); };
  machine.attach("second");
  EXPECT_TRUE(machine.host.line_high());
}

TEST(ShmemLine, TakesInNewsThatCameWhileAnAttachFailed) {
  Attached machine;
  machine.client.refuse = regions::Status::no_permission;
  machine.client.on_attach = [&] { machine.connection.signal_from(3); };
  machine.attach("second");
  EXPECT_TRUE(machine.host.line_high());
}

TEST(ShmemThreads, SignalsAndStatusReadsFromTwoThreadsLoseNothing) {
  Attached machine;
  constexpr unsigned kSignals = 20000;
  std::atomic<bool> done = false;
  std::atomic<bool> sent = false;
  machine.client.on_process = [&] {
    if (sent.exchange(false)) machine.connection.signal_from(3);
  };
  std::thread events([&] {
    for (unsigned i = 0; i < kSignals; ++i) {
      sent = true;
      machine.device.events();
    }
    done = true;
  });
  unsigned seen = 0;
  while (!done) seen += (machine.host.read(machine.control, 4) & 8) != 0 ? 1 : 0;
  events.join();
  seen += (machine.host.read(machine.control, 4) & 8) != 0 ? 1 : 0;
  EXPECT_GE(seen, 1u) << "at least the last signal";
  EXPECT_FALSE(machine.host.line_high());
  for (std::size_t i = 0; i < machine.host.line.size(); ++i) EXPECT_EQ(machine.host.line[i], i % 2 == 0);
}

}  // namespace
}  // namespace qvm::shmem::testing
