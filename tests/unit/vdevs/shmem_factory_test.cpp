// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The factory page, register for register.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <optional>
#include <thread>

#include "tests/unit/vdevs/shmem_fakes.h"

namespace qvm::shmem::testing {
namespace {

using regions::Status;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint64_t code(Status status) {
  return static_cast<std::uint64_t>(status);
}

// The bytes of the whole page as reads of one width give them, starting at `first`.
std::string image(Machine& machine, unsigned width, std::uint64_t first = 0) {
  std::string bytes(first, '?');
  for (std::uint64_t offset = first; offset + width <= kPageBytes; offset += width) {
    const std::uint64_t value = machine.read(offset, width);
    for (unsigned i = 0; i < width; ++i) bytes += static_cast<char>(value >> (8 * i));
  }
  return bytes;
}

TEST(ShmemFactory, ReadsSignatureAtEveryWidth) {
  Machine machine;
  EXPECT_EQ(machine.read(0, 8), 0x4d534732474d5651u);
  EXPECT_EQ(machine.read(0, 4), 0x474d5651u);
  EXPECT_EQ(machine.read(4, 4), 0x4d534732u);
  EXPECT_EQ(machine.read(2, 2), 0x474du);
  EXPECT_EQ(image(machine, 1).substr(0, 8), "QVMG2GSM");
}

TEST(ShmemFactory, IsZeroAtResetButForSignatureAndVector) {
  Machine machine;
  std::string expected(kPageBytes, '\0');
  std::memcpy(expected.data(), "QVMG2GSM", 8);
  expected[kVector] = 10;
  EXPECT_EQ(image(machine, 8), expected);
}

TEST(ShmemFactory, ReadsTheSameBytesAtEveryWidthAndAlignment) {
  Machine machine;
  machine.attach("moo", 3);
  machine.write(kFlags, 0640);
  const std::string bytes = image(machine, 1);
  for (const unsigned width : {1u, 2u, 4u, 8u}) {
    for (std::uint64_t offset = 0; offset + width <= kFactoryEnd + 8; ++offset) {
      std::uint64_t expected = 0;
      std::memcpy(&expected, bytes.data() + offset, width);
      EXPECT_EQ(machine.read(offset, width), expected) << "offset " << offset << " width " << width;
    }
  }
}

TEST(ShmemFactory, IgnoresStoresToReadOnlyRegistersAndTheRestOfThePage) {
  Machine machine;
  const std::string before = image(machine, 8);
  for (const unsigned width : {1u, 2u, 4u, 8u}) {
    for (std::uint64_t offset = 0; offset + width <= kSize; offset += width)
      machine.write(offset, ~0ull, width);
    for (std::uint64_t offset = 0x48; offset + width <= kPageBytes; offset += width) {
      machine.write(offset, ~0ull, width);
    }
  }
  EXPECT_EQ(image(machine, 8), before);
  EXPECT_THAT(machine.client.requests, IsEmpty());
}

TEST(ShmemFactory, AttachesWithinTheStoreToSize) {
  Machine machine;
  machine.write_name("moo");
  machine.write(kSize, 16);
  EXPECT_EQ(machine.read(kStatus), code(Status::ok));
  EXPECT_EQ(machine.read(kShmem, 8), 0x80000000u);
  EXPECT_EQ(machine.read(kSize), 16u);
  ASSERT_EQ(machine.client.requests.size(), 1u);
  EXPECT_EQ(machine.client.requests[0].name, "moo");
  EXPECT_EQ(machine.client.requests[0].pages, 16u);
  EXPECT_EQ(machine.client.requests[0].mode, 0u);
  EXPECT_EQ(machine.client.deadlines[0], std::chrono::seconds(2));
}

TEST(ShmemFactory, MapsDataOfTheRegionBehindTheControlPage) {
  Machine machine;
  machine.attach("moo", 16);
  ASSERT_EQ(machine.host.maps.size(), 1u);
  EXPECT_EQ(machine.host.maps[0].fd, 1000);
  EXPECT_EQ(machine.host.maps[0].bytes, 16 * kPageBytes);
  EXPECT_EQ(machine.host.maps[0].access, MapRequest::Access::read_write);
}

TEST(ShmemFactory, ShowsTheRealSizeOfAnExistingRegion) {
  Machine machine;
  machine.client.existing_pages = 5;
  machine.attach("moo", 100);
  EXPECT_EQ(machine.read(kSize), 5u);
}

TEST(ShmemFactory, AttachesWithSizeZeroToAnExistingRegion) {
  Machine machine;
  machine.client.existing_pages = 5;
  EXPECT_NE(machine.attach("moo", 0), 0u);
  EXPECT_EQ(machine.read(kSize), 5u);
}

TEST(ShmemFactory, MapsAReadOnlyAttachReadOnlyAndSaysSoOnce) {
  Machine machine;
  machine.client.writable = false;
  machine.attach("moo");
  EXPECT_EQ(machine.read(kStatus), code(Status::ok));
  EXPECT_EQ(machine.host.maps[0].access, MapRequest::Access::read_only);
  EXPECT_THAT(machine.host.log,
              ElementsAre("region 'moo' is attached read-only: the guest's stores to it change nothing"));
}

TEST(ShmemFactory, TellsAndCountsStoresToAReadOnlyRegion) {
  Machine machine;
  machine.client.writable = false;
  machine.attach("moo");
  ControlPage& page = *machine.host.maps[0].page;
  page.ignored_store(0x10, 4);
  page.ignored_store(0xff8, 8);
  EXPECT_THAT(
      machine.host.warnings,
      ElementsAre("region 'moo' is attached read-only: a store of 4 bytes at 0x10 was ignored, 1 so far",
                  "region 'moo' is attached read-only: a store of 8 bytes at 0xff8 was ignored, 2 so far"));
  for (int i = 0; i < 100'000; ++i) page.ignored_store(0, 1);
  EXPECT_EQ(machine.host.warnings.size(), qvm::LogBudget::kBurst);
  EXPECT_THAT(machine.host.warnings.back(),
              ::testing::EndsWith("(the next ones are only counted for a while)"));
}

class ShmemFailure : public ::testing::TestWithParam<Status> {};

TEST_P(ShmemFailure, ShowsTheManagersStatusAndClearsAddressAndSize) {
  Machine machine;
  const std::uint64_t first = machine.attach("first", 2);
  machine.client.refuse = GetParam();
  EXPECT_EQ(machine.attach("second", 2), 0u);
  EXPECT_EQ(machine.read(kStatus), code(GetParam()));
  EXPECT_EQ(machine.read(kSize), 0u);
  EXPECT_EQ(machine.host.read(first + kControlIndex, 4), 0u) << "the first connection must be untouched";
}

INSTANTIATE_TEST_SUITE_P(Statuses, ShmemFailure,
                         ::testing::Values(Status::unknown_failure, Status::no_memory, Status::client_max,
                                           Status::illegal_name, Status::no_permission,
                                           Status::does_not_exist));

struct MapFailure {
  MapError error;
  Status status;
};
class ShmemMapFailure : public ::testing::TestWithParam<MapFailure> {};

TEST_P(ShmemMapFailure, LeavesTheRegionAgain) {
  Machine machine;
  machine.host.refuse = GetParam().error;
  EXPECT_EQ(machine.attach("moo"), 0u);
  EXPECT_EQ(machine.read(kStatus), code(GetParam().status));
  EXPECT_THAT(machine.client.live, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Errors, ShmemMapFailure,
                         ::testing::Values(MapFailure{MapError::no_memory, Status::no_memory},
                                           MapFailure{MapError::too_many, Status::client_max},
                                           MapFailure{MapError::other, Status::unknown_failure}));

TEST(ShmemFactory, AnswersNoMemoryForARegionThatTheRegisterCannotShow) {
  Machine machine;
  machine.client.existing_pages = std::uint64_t{1} << 32;
  EXPECT_EQ(machine.attach("moo"), 0u);
  EXPECT_EQ(machine.read(kStatus), code(Status::no_memory));
  EXPECT_THAT(machine.client.live, IsEmpty());
}

TEST(ShmemFactory, AnswersClientMaxAtItsOwnBoundWithoutAsking) {
  Machine machine({.max_connections = 2});
  machine.attach("a");
  machine.attach("b");
  EXPECT_EQ(machine.attach("c"), 0u);
  EXPECT_EQ(machine.read(kStatus), code(Status::client_max));
  EXPECT_EQ(machine.client.requests.size(), 2u);
}

TEST(ShmemFactory, TakesThirtyOneCharacters) {
  Machine machine;
  const std::string name(31, 'n');
  EXPECT_NE(machine.attach(name), 0u);
  EXPECT_EQ(machine.client.requests[0].name, name);
}

TEST(ShmemFactory, AnswersIllegalNameForThirtyTwoUnterminatedBytes) {
  Machine machine;
  EXPECT_EQ(machine.attach(std::string(32, 'n')), 0u);
  EXPECT_EQ(machine.read(kStatus), code(Status::illegal_name));
  EXPECT_THAT(machine.client.requests, IsEmpty());
}

TEST(ShmemFactory, LeavesTheJudgementOfAShorterNameToTheManager) {
  Machine machine;
  machine.client.refuse = Status::illegal_name;
  machine.attach("a/\x01");
  EXPECT_EQ(machine.client.requests[0].name, "a/\x01");
  EXPECT_EQ(machine.read(kStatus), code(Status::illegal_name));
}

TEST(ShmemFactory, MergesNameStoresOfEveryWidthAtEveryAlignment) {
  const std::string before = "0123456789abcdefghijklmnopqrstuv";
  for (const unsigned width : {1u, 2u, 4u, 8u}) {
    for (std::uint64_t at = 0; at + width <= kNameBytes; ++at) {
      Machine machine;
      machine.write_name(before);
      machine.write(kName + at, 0x4847464544434241, width);
      std::string expected = before;
      expected.replace(at, width, std::string("ABCDEFGH").substr(0, width));
      EXPECT_EQ(image(machine, 1).substr(kName, kNameBytes), expected) << "at " << at << " width " << width;
    }
  }
}

TEST(ShmemFactory, MergesOverlappingNameStoresInAnyOrder) {
  Machine machine;
  machine.write(kName + 4, 0x00000000656d616e, 8);  // "name"
  machine.write(kName + 2, 0x2d79, 2);              // "y-"
  machine.write(kName, 0x6d, 1);                    // "m"
  machine.write(kName + 1, 0x2d79, 2);              // "y-" over "?y": the later store wins
  machine.write(kName + 3, 0x2d, 1);
  machine.write(kSize, 1);
  EXPECT_EQ(machine.client.requests[0].name, "my--name");
}

TEST(ShmemFactory, EndsTheNameAtItsFirstZeroByte) {
  Machine machine;
  machine.attach("longer-name");
  machine.attach("moo");
  EXPECT_EQ(machine.client.requests[1].name, "moo");
}

TEST(ShmemFactory, TakesNameBytesOfAStoreThatAlsoCoversSizeBeforeAttaching) {
  Machine machine;
  machine.write_name("....x");
  machine.write(kSize, 0x6f6f6d7a00000007, 8);
  EXPECT_EQ(machine.client.requests[0].name, "zmoox");
  EXPECT_EQ(machine.client.requests[0].pages, 7u);
}

struct SizeStore {
  std::uint64_t offset;
  unsigned width;
  std::uint64_t value;
  std::optional<std::uint32_t> pages;
};
class ShmemSizeStore : public ::testing::TestWithParam<SizeStore> {};

TEST_P(ShmemSizeStore, ActsIfItCoversTheLowestByte) {
  Machine machine;
  machine.client.existing_pages = 1;
  machine.write(GetParam().offset, GetParam().value, GetParam().width);
  EXPECT_EQ(machine.client.requests.size(), GetParam().pages.has_value() ? 1u : 0u);
  for (const auto& request : machine.client.requests) EXPECT_EQ(request.pages, *GetParam().pages);
}

INSTANTIATE_TEST_SUITE_P(
    Widths, ShmemSizeStore,
    ::testing::Values(SizeStore{kSize, 1, 0x11223344, 0x44}, SizeStore{kSize, 2, 0x11223344, 0x3344},
                      SizeStore{kSize, 4, 0x11223344, 0x11223344},
                      SizeStore{kSize, 8, 0xaa11223344, 0x11223344}, SizeStore{kSize - 1, 2, 0x3344, 0x33},
                      SizeStore{kSize - 2, 4, 0x11223344, 0x1122},
                      SizeStore{kSize - 4, 8, 0x1122334455667788, 0x11223344},
                      SizeStore{kSize + 1, 1, 7, std::nullopt}, SizeStore{kSize + 2, 2, 7, std::nullopt},
                      SizeStore{kSize + 1, 8, 7, std::nullopt}, SizeStore{kSize - 8, 8, 7, std::nullopt}));

TEST(ShmemFactory, PassesTheModeBitsOfFlags) {
  Machine machine;
  machine.write(kFlags, 0xfffffe40 | 0640);
  machine.attach("moo");
  EXPECT_EQ(machine.client.requests[0].mode, 0640u & 0666u);
  EXPECT_EQ(machine.read(kFlags), 0xfffffe40u | 0640u) << "reads back what was written";
}

TEST(ShmemFactory, TakesFlagsThatPermitNothingLiterally) {
  Machine machine;
  machine.write(kFlags, 01000);
  machine.attach("moo");
  EXPECT_NE(machine.client.requests[0].mode, 0u) << "0 would ask for the default";
  EXPECT_EQ(machine.client.requests[0].mode & 0666u, 0u);
}

TEST(ShmemFactory, MergesBytesOfFlags) {
  Machine machine;
  machine.write(kFlags + 1, 0x01, 1);
  machine.write(kFlags, 0xa4, 1);
  EXPECT_EQ(machine.read(kFlags), 0x1a4u);
}

TEST(ShmemFactory, FindsConnectionsInOrderOfAttach) {
  Machine machine;
  const std::uint64_t first = machine.attach("first", 3);
  const std::uint64_t second = machine.attach("second", 4);
  machine.write(kFind, 0);
  EXPECT_EQ(machine.read(kShmem, 8), first);
  EXPECT_EQ(machine.read(kSize), 3u);
  EXPECT_EQ(machine.read(kStatus), code(Status::ok));
  EXPECT_EQ(image(machine, 1).substr(kName, 6), std::string("first\0", 6));
  machine.write(kFind, 1);
  EXPECT_EQ(machine.read(kShmem, 8), second);
  EXPECT_EQ(machine.read(kFind), 1u);
}

TEST(ShmemFactory, FindsWhatIsLeftAfterADetach) {
  Machine machine;
  const std::uint64_t first = machine.attach("first");
  const std::uint64_t second = machine.attach("second");
  machine.host.write(first + kControlDetach, 4, 1);
  machine.write(kFind, 0);
  EXPECT_EQ(machine.read(kShmem, 8), second);
}

class ShmemFindMiss : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(ShmemFindMiss, AnswersDoesNotExist) {
  Machine machine;
  machine.attach("moo");
  machine.write(kFind, GetParam());
  EXPECT_EQ(machine.read(kStatus), code(Status::does_not_exist));
  EXPECT_EQ(machine.read(kShmem, 8), 0u);
  EXPECT_EQ(machine.read(kSize), 0u);
}

INSTANTIATE_TEST_SUITE_P(Numbers, ShmemFindMiss, ::testing::Values(1u, 2u, 64u, 0x7fffffffu, 0xffffffffu));

TEST(ShmemFactory, TakesTheNameInOneSnapshotWhileAnotherVcpuRewritesIt) {
  Machine machine;
  machine.write_name("aaaaaaaa");
  std::thread other;
  // While the manager is asked, another vCPU stores to name; it must wait until the attach is over.
  machine.client.on_attach = [&] {
    other = std::thread([&] { machine.write(kName, 0x6262626262626262, 8); });
  };
  machine.write(kSize, 1);
  other.join();
  EXPECT_EQ(machine.client.requests[0].name, "aaaaaaaa");
  EXPECT_EQ(machine.client.at(0).name(), "aaaaaaaa");
  EXPECT_EQ(image(machine, 1).substr(kName, 8), "bbbbbbbb");
}

TEST(ShmemFactory, ResetDetachesEverythingAndClearsTheRegisters) {
  Machine machine;
  const std::uint64_t first = machine.attach("first");
  machine.attach("second");
  machine.write(kFlags, 0600);
  machine.client.at(0).signal_from(3);
  machine.device.events();
  machine.device.reset();
  EXPECT_THAT(machine.client.live, IsEmpty());
  EXPECT_THAT(machine.host.pages, IsEmpty());
  EXPECT_FALSE(machine.host.line_high());
  EXPECT_EQ(machine.host.read(first, 4), ~std::uint64_t{0});
  std::string expected(kPageBytes, '\0');
  std::memcpy(expected.data(), "QVMG2GSM", 8);
  expected[kVector] = 10;
  EXPECT_EQ(image(machine, 8), expected);
}

}  // namespace
}  // namespace qvm::shmem::testing
