// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/server/memory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stop_token>

#include "qvm/base/mapping.h"
#include "qvm/regions/server/region_store.h"

namespace qvm::regions {
namespace {

TEST(RegionMemory, ReservedZeroedAndFixed) {
  const auto memory = create_memory("test", 3 * kPageBytes);
  ASSERT_TRUE(memory);
  struct stat info {};
  ASSERT_EQ(::fstat(memory->get(), &info), 0);
  EXPECT_EQ(info.st_size, 3 * kPageBytes);
  EXPECT_EQ(info.st_blocks * 512, 3 * kPageBytes);
  EXPECT_EQ(info.st_mode & 07777, 0600U);
  EXPECT_EQ(::fcntl(memory->get(), F_GET_SEALS), F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
}

TEST(RegionMemory, WhatTheHostCannotSpareIsRefused) {
  const auto memory = create_memory("test", std::uint64_t{1} << 46);
  ASSERT_FALSE(memory);
  EXPECT_EQ(memory.error().code(), ENOMEM);
}

TEST(RegionMemory, WhatIsCancelledFails) {
  std::stop_source source;
  ASSERT_TRUE(source.request_stop());
  for (const HugePages huge_pages : {HugePages::none, HugePages::advise}) {
    const auto memory = create_memory("test", 3 * kPageBytes, huge_pages, source.get_token());
    ASSERT_FALSE(memory);
    EXPECT_EQ(memory.error().code(), ECANCELED);
  }
}

TEST(RegionMemory, ReadOnlyDescriptorsCannotBeMappedForWriting) {
  const auto memory = create_page("test", {});
  ASSERT_TRUE(memory);
  const auto read_only = reopen_read_only(memory->get());
  ASSERT_TRUE(read_only);
  struct stat info {};
  ASSERT_EQ(::fstat(memory->get(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600U) << "who has another uid cannot open it anew";
  EXPECT_FALSE(Mapping::map(read_only->get(), kPageBytes, Mapping::Access::read_write));
  auto writing = Mapping::map(memory->get(), kPageBytes, Mapping::Access::read_write);
  auto reading = Mapping::map(read_only->get(), kPageBytes, Mapping::Access::read_only);
  ASSERT_TRUE(writing && reading);
  static_cast<char*>(writing->data())[7] = 'x';
  EXPECT_EQ(static_cast<const char*>(reading->data())[7], 'x');
}

TEST(RegionMemory, APageHasItsContentAndIsFixed) {
  const std::array<std::byte, 3> content{std::byte{1}, std::byte{2}, std::byte{3}};
  const auto page = create_page("test", content);
  ASSERT_TRUE(page);
  struct stat info {};
  ASSERT_EQ(::fstat(page->get(), &info), 0);
  EXPECT_EQ(info.st_size, kPageBytes);
  EXPECT_EQ(::fcntl(page->get(), F_GET_SEALS), F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
  const auto mapping = Mapping::map(page->get(), kPageBytes, Mapping::Access::read_only);
  ASSERT_TRUE(mapping);
  EXPECT_EQ(std::memcmp(mapping->data(), content.data(), content.size()), 0);
}

constexpr std::array<Id, kMaxClients> kNobody{};

RegionCreated moo() {
  RegionCreated created;
  created.id = 1;
  created.name = "moo";
  created.pages = 1;
  return created;
}

TEST(RegionStoreTest, PublishTellsChangesOnce) {
  RegionStore store;
  ASSERT_TRUE(store.create_region(moo(), 0));
  const auto mapping =
      Mapping::map(store.region(1)->page.read_only.get(), kPageBytes, Mapping::Access::read_only);
  ASSERT_TRUE(mapping);
  const RegionPage& page = *static_cast<const RegionPage*>(mapping->data());
  EXPECT_EQ(page.magic, kRegionPageMagic);
  std::array<std::uint32_t, kMaxClients> generation{};
  generation[3] = 1;
  store.publish(1, 1U << 3, generation);
  EXPECT_EQ(page.attached.load(), 1U << 3);
  EXPECT_EQ(page.generation[3].load(), 1U);
  EXPECT_EQ(page.changes.load(), 1U);
  store.publish(1, 1U << 3, generation);
  EXPECT_EQ(page.changes.load(), 1U);
  // Left and joined again between two looks: the mask is the same, the news is not lost.
  generation[3] = 2;
  store.publish(1, 1U << 3, generation);
  EXPECT_EQ(page.changes.load(), 2U);
}

TEST(RegionStoreTest, ARegionThatIsCreatedByAnAttachTellsOfIt) {
  RegionStore store;
  RegionCreated created = moo();
  created.generation[0] = 1;
  ASSERT_TRUE(store.create_region(created, 1, 7));
  const auto mapping =
      Mapping::map(store.region(1)->page.read_only.get(), kPageBytes, Mapping::Access::read_only);
  ASSERT_TRUE(mapping);
  const RegionPage& page = *static_cast<const RegionPage*>(mapping->data());
  EXPECT_EQ(page.magic, kRegionPageMagic);
  EXPECT_EQ(page.attached.load(), 1U);
  EXPECT_EQ(page.generation[0].load(), 1U);
  EXPECT_EQ(page.changes.load(), 1U);
}

Attached member(Id id, unsigned index, Id session) {
  Attached attached;
  attached.id = id;
  attached.region = 1;
  attached.index = index;
  attached.session = session;
  return attached;
}

TEST(RegionStoreTest, ANewcomersBaselineHidesWhatWasSentBefore) {
  RegionStore store;
  ASSERT_TRUE(store.create_region(moo(), 0));
  ASSERT_TRUE(store.create_client(member(10, 0, 7), kNobody));
  const auto first = Mapping::map(store.client(10)->page.get(), kPageBytes, Mapping::Access::read_write);
  ASSERT_TRUE(first);
  static_cast<ClientPage*>(first->data())->sent[1] = 5;
  std::array<Id, kMaxClients> slots{};
  slots[0] = 10;
  slots[1] = 11;
  ASSERT_TRUE(store.create_client(member(11, 1, 8), slots));
  const auto second = Mapping::map(store.client(11)->page.get(), kPageBytes, Mapping::Access::read_only);
  ASSERT_TRUE(second);
  EXPECT_EQ(static_cast<const ClientPage*>(second->data())->seen[0].load(), 5U);
  EXPECT_EQ(static_cast<const ClientPage*>(second->data())->seen[1].load(), 0U);
  EXPECT_EQ(store.signals_of(10), 5U);
}

TEST(RegionStoreTest, PagesThatOnlyOneSessionHadAreKnownAsSuch) {
  RegionStore store;
  ASSERT_TRUE(store.create_region(moo(), 1, 7));
  ASSERT_TRUE(store.create_client(member(10, 0, 7), kNobody));
  EXPECT_EQ(store.region(1)->page.only_session, 7U);
  EXPECT_FALSE(store.client(10)->was_shown());
  std::array<Id, kMaxClients> slots{};
  slots[0] = 10;
  slots[1] = 11;
  ASSERT_TRUE(store.create_client(member(11, 1, 8), slots));
  EXPECT_EQ(store.region(1)->page.only_session, 0U);
  EXPECT_TRUE(store.client(10)->was_shown());
  EXPECT_TRUE(store.client(11)->was_shown());
}

TEST(RegionStoreTest, APageThatIsUsedAgainIsLikeNew) {
  RegionStore store;
  ASSERT_TRUE(store.create_region(moo(), 1, 7));
  ASSERT_TRUE(store.create_client(member(10, 3, 7), kNobody));
  const auto own = Mapping::map(store.client(10)->page.get(), kPageBytes, Mapping::Access::read_write);
  ASSERT_TRUE(own);
  auto& page = *static_cast<ClientPage*>(own->data());
  page.sent[1] = 5;
  page.seen[2] = 6;
  SharedRegion old = store.take_region(1);
  RegionCreated next = moo();
  next.id = 2;
  next.generation[0] = 9;
  ASSERT_TRUE(store.create_region(next, 1, 7, ReservedMemory(), std::move(old.page)));
  Attached again = member(11, 0, 7);
  again.region = 2;
  ASSERT_TRUE(store.create_client(again, kNobody, store.take_client(10)));
  EXPECT_EQ(page.index, 0U);
  EXPECT_EQ(page.sent[1].load(), 0U);
  EXPECT_EQ(page.seen[2].load(), 0U);
  EXPECT_EQ(store.region(2)->page.number, 1U);
  EXPECT_EQ(store.client(11)->number, 10U);
  const auto shared =
      Mapping::map(store.region(2)->page.read_only.get(), kPageBytes, Mapping::Access::read_only);
  ASSERT_TRUE(shared);
  EXPECT_EQ(static_cast<const RegionPage*>(shared->data())->generation[0].load(), 9U);
}

TEST(RegionStoreTest, AdoptsOnlyWhatFits) {
  RegionStore store;
  auto data = create_memory("data", 2 * kPageBytes);
  auto blank = create_memory("page", kPageBytes);
  ASSERT_TRUE(data && blank);
  EXPECT_FALSE(store.adopt_region(1, 3, std::move(*data), std::move(*blank)));
  EXPECT_FALSE(store.adopt_region(1, 3, UniqueFd(), UniqueFd()));
  EXPECT_EQ(store.region(1), nullptr);
}

}  // namespace
}  // namespace qvm::regions
