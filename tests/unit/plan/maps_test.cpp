// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "qvm/plan/address_map.h"
#include "qvm/plan/interrupt_map.h"
#include "qvm/plan/machine_pc.h"
#include "qvm/plan/pci_map.h"
#include "qvm/plan/ram_layout.h"
#include "qvm/plan/window.h"

namespace qvm::plan {
namespace {

using config::MemoryPiece;
using testing::ElementsAre;
using vdevs::Part;

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::uint64_t kGiB = 1 << 30;

MemoryPiece ram(std::uint64_t start, std::uint64_t length) {
  MemoryPiece piece;
  piece.start = start;
  piece.length = length;
  piece.where = {0, static_cast<std::uint32_t>(start >> 12), static_cast<std::uint32_t>(start >> 12) + 1};
  return piece;
}

MemoryPiece rom(std::uint64_t start, std::uint64_t length) {
  MemoryPiece piece = ram(start, length);
  piece.kind = MemoryPiece::Kind::rom;
  return piece;
}

OwnedRange range(std::uint64_t start, std::uint64_t length, std::string owner) {
  OwnedRange result;
  result.start = start;
  result.length = length;
  result.owner = std::move(owner);
  result.where = {0, 1, 2};
  return result;
}

std::optional<RamLayout> lay_out(std::vector<MemoryPiece> pieces) {
  config::DiagnosticSink sink;
  return lay_out_ram(pieces, {}, machine_pc(), sink);
}

TEST(RamLayout, EndsWithTheHighestPiece) {
  const auto layout = lay_out({ram(0, 0xa0000), ram(kMiB, 191 * kMiB)});
  ASSERT_TRUE(layout);
  EXPECT_EQ(layout->bytes, 192 * kMiB);
  EXPECT_EQ(layout->low_end, 192 * kMiB);
  EXPECT_EQ(layout->high_end, 0u);
}

TEST(RamLayout, HasReadOnlyMemoryAboveItsRam) {
  const auto layout =
      lay_out({ram(0, 0xa0000), rom(0xc0000, 0x40000), ram(kMiB, 63 * kMiB), rom(64 * kMiB, kMiB)});
  ASSERT_TRUE(layout);
  EXPECT_EQ(layout->bytes, 64 * kMiB) << "it is none of the machine's RAM";
  ASSERT_EQ(layout->roms.size(), 1u) << "the BIOS area is there anyhow";
  EXPECT_EQ(layout->roms[0].start, 64 * kMiB);
  EXPECT_TRUE(layout->is_rom(0xc0000, 0x40000));
  EXPECT_TRUE(layout->is_rom(64 * kMiB, kMiB));
  EXPECT_FALSE(layout->is_rom(64 * kMiB, kMiB + 1));
  EXPECT_FALSE(layout->is_ram(64 * kMiB, 1));
}

TEST(RamLayout, HasNoReadOnlyMemoryWithinItsRam) {
  EXPECT_FALSE(lay_out({ram(0, 32 * kMiB), rom(32 * kMiB, kMiB), ram(48 * kMiB, kMiB)}));
  EXPECT_FALSE(lay_out({ram(0, kMiB), ram(4 * kGiB, kMiB), rom(4 * kGiB - kMiB, 2 * kMiB)}));
  EXPECT_TRUE(lay_out({ram(0, 32 * kMiB), rom(48 * kMiB, kMiB)}));
}

TEST(RamLayout, RoundsUpToWholeMebibytes) {
  const auto layout = lay_out({ram(0, 0xa0000)});
  ASSERT_TRUE(layout);
  EXPECT_EQ(layout->bytes, kMiB);
}

TEST(RamLayout, IsSplitAtThreeGibibytesWhenThereIsRamAboveFour) {
  const auto layout = lay_out({ram(0, kGiB), ram(4 * kGiB, 2 * kGiB)});
  ASSERT_TRUE(layout);
  EXPECT_EQ(layout->bytes, 5 * kGiB);
  EXPECT_EQ(layout->low_end, 3 * kGiB);
  EXPECT_EQ(layout->high_end, 6 * kGiB);
}

// Less than 3.5 GiB in all would stay in one piece below 4 GiB.
TEST(RamLayout, GivesMoreThanAskedIfOtherwiseNothingWouldBeAboveFourGibibytes) {
  const auto layout = lay_out({ram(0, kGiB), ram(4 * kGiB, kMiB)});
  ASSERT_TRUE(layout);
  EXPECT_EQ(layout->bytes, 3584 * kMiB);
  EXPECT_EQ(layout->high_end, 4 * kGiB + 512 * kMiB);
}

TEST(RamLayout, KnowsTheLegacyHole) {
  const auto layout = lay_out({ram(0, 64 * kMiB)});
  ASSERT_TRUE(layout);
  EXPECT_TRUE(layout->is_ram(0, 0xa0000));
  EXPECT_FALSE(layout->is_ram(0, 0xa0001));
  EXPECT_FALSE(layout->is_ram(0xf0000, 16));
  EXPECT_TRUE(layout->is_ram(kMiB, 63 * kMiB));
  EXPECT_FALSE(layout->is_ram(kMiB, 63 * kMiB + 1));
  EXPECT_FALSE(layout->is_ram(kMiB, UINT64_MAX));
}

TEST(RamLayout, RangesAreSortedAndDisjoint) {
  const auto layout = lay_out({ram(64 * kMiB, 64 * kMiB), ram(0, 32 * kMiB), ram(4 * kGiB, kGiB)});
  ASSERT_TRUE(layout);
  for (std::size_t i = 1; i < layout->ranges.size(); ++i) {
    EXPECT_EQ(layout->ranges[i - 1].end() <= layout->ranges[i].start, true) << i;
  }
}

TEST(RamLayout, LargestRamBelowFourGibibytesStopsShortOfTheSplit) {
  EXPECT_TRUE(lay_out({ram(0, 0xdff00000)}));
  EXPECT_FALSE(lay_out({ram(0, 0xe0000000)}));
}

TEST(RamLayout, RefusesRamThatWrapsOrIsEmpty) {
  EXPECT_FALSE(lay_out({ram(UINT64_MAX - 4095, 8192)}));
  EXPECT_FALSE(lay_out({ram(0, 0)}));
}

TEST(AddressMap, TellsBothPlacesOfAnOverlap) {
  AddressMap map("memory");
  config::DiagnosticSink sink;
  OwnedRange first = range(0x1000, 0x1000, "vdev a0");
  first.where = {0, 10, 12};
  EXPECT_TRUE(map.claim(first, sink));
  EXPECT_FALSE(map.claim(range(0x1fff, 0x1000, "vdev b0"), sink));
  ASSERT_EQ(sink.all().size(), 1u);
  EXPECT_EQ(sink.all()[0].message, "memory 0x1fff..0x2ffe of vdev b0 overlaps vdev a0 (0x1000..0x1fff)");
  ASSERT_EQ(sink.all()[0].notes.size(), 1u);
  EXPECT_EQ(sink.all()[0].notes[0].where, (config::SourceRange{0, 10, 12}));
}

TEST(AddressMap, NeighboursDoNotOverlap) {
  AddressMap map("memory");
  config::DiagnosticSink sink;
  EXPECT_TRUE(map.claim(range(0x1000, 0x1000, "a"), sink));
  EXPECT_TRUE(map.claim(range(0x2000, 0x1000, "b"), sink));
  EXPECT_TRUE(map.claim(range(0x0, 0x1000, "c"), sink));
}

TEST(AddressMap, RefusesRangesThatWrap) {
  AddressMap map("memory");
  config::DiagnosticSink sink;
  EXPECT_FALSE(map.claim(range(UINT64_MAX, 2, "a"), sink));
  EXPECT_FALSE(map.claim(range(5, 0, "a"), sink));
}

TEST(AddressMap, APartIsTakenOnce) {
  AddressMap map("memory");
  map.add_machine(machine_pc().memory);
  config::DiagnosticSink sink;
  OwnedRange timer = range(0xfed00000, 0x1000, "vdev t0");
  timer.part = Part::precision_timer;
  EXPECT_TRUE(map.claim(timer, sink));
  EXPECT_FALSE(map.claim(timer, sink));
}

TEST(AddressMap, OptionalPartsAppearOnlyWhenTaken) {
  AddressMap map("memory");
  map.add_machine({{Part::precision_timer, 0x1000, 0x1000, "timer", true}});
  EXPECT_TRUE(map.ranges().empty());
  EXPECT_FALSE(map.is_free(0x1000, 1));
}

TEST(AddressMap, FillsOnlyWhatIsFree) {
  AddressMap map("memory");
  config::DiagnosticSink sink;
  map.claim(range(0x2000, 0x1000, "a"), sink);
  map.fill_free(range(0x1000, 0x3000, "reserve"));
  std::vector<std::string> owners;
  for (const OwnedRange& owned : map.ranges()) owners.push_back(owned.owner);
  EXPECT_THAT(owners, ElementsAre("reserve", "a", "reserve"));
}

TEST(InterruptMap, PartsShareALineButNobodyElseDoes) {
  InterruptMap map(machine_pc());
  config::DiagnosticSink sink;
  EXPECT_TRUE(map.claim({0, "vdev timer", {0, 1, 2}, Part::interval_timer}, sink));
  EXPECT_TRUE(map.claim({0, "vdev precise", {0, 3, 4}, Part::precision_timer}, sink));
  EXPECT_FALSE(map.claim({0, "vdev other", {0, 5, 6}, std::nullopt}, sink));
  EXPECT_EQ(sink.all()[0].message, "interrupt line 0 of vdev other belongs to vdev timer");
}

TEST(InterruptMap, TellsTheFreeLines) {
  InterruptMap map(machine_pc());
  config::DiagnosticSink sink;
  EXPECT_TRUE(map.claim({10, "vdev a", {0, 1, 2}, std::nullopt}, sink));
  EXPECT_EQ(map.free_lines(), "3, 4, 5, 6, 7, 11, 16, 17, 18, 19, 20, 21, 22, 23");
}

class Windows : public testing::Test {
 protected:
  std::optional<std::vector<std::uint64_t>> place(std::uint64_t ram_bytes,
                                                  const std::vector<WindowLength>& wanted) {
    layout = *lay_out({ram(0, ram_bytes)});
    for (const OwnedRange& owned : layout.ranges) map.add_fixed(owned);
    map.add_machine(machine_pc().memory);
    return place_windows(wanted, map, layout, lengths);
  }

  RamLayout layout;
  AddressMap map{"memory"};
  std::vector<std::uint64_t> lengths;
};

TEST_F(Windows, StartInTheMiddleOfTheHole) {
  EXPECT_EQ(place(64 * kMiB, {{}, {}}), (std::vector<std::uint64_t>{0x80000000, 0x90000000}));
  EXPECT_THAT(lengths, ElementsAre(256 * kMiB, 256 * kMiB));
}

TEST_F(Windows, ShrinkUntilManyFitBelowFourGibibytes) {
  const auto starts = place(0xdff00000, std::vector<WindowLength>(26));
  ASSERT_TRUE(starts);
  EXPECT_EQ(lengths.front(), 16 * kMiB);
  EXPECT_LT(starts->back(), 0xfec00000u);
}

TEST_F(Windows, GoAboveFourGibibytesIfTheyMust) {
  EXPECT_EQ(place(64 * kMiB, {{.needed = 5 * kGiB}}), (std::vector<std::uint64_t>{8 * kGiB}));
}

TEST_F(Windows, AreAsLongAsWishedIfThatFitsBelowFourGibibytes) {
  EXPECT_EQ(place(64 * kMiB, {{.wished = 700 * kMiB}}), (std::vector<std::uint64_t>{0x80000000}));
  EXPECT_THAT(lengths, ElementsAre(700 * kMiB));
}

// A guest of 32 bits has to reach what it needs.
TEST_F(Windows, DoNotGoAboveFourGibibytesForAWish) {
  EXPECT_EQ(place(64 * kMiB, {{.needed = kMiB, .wished = 5 * kGiB}}),
            (std::vector<std::uint64_t>{0x80000000}));
  EXPECT_THAT(lengths, ElementsAre(256 * kMiB));
}

TEST(WindowLength, CountsWhatTheSetHasForTheVm) {
  const std::vector<SetRegion> set = {{"moo", 64 * kMiB}, {"left-boo", kMiB}, {"goo", 0x1001}};
  regions::VdevPolicy policy;
  const std::uint64_t moo = 66 * kMiB;
  const std::uint64_t boo = kMiB + 0x1000;
  const std::uint64_t goo = 0x3000;
  EXPECT_EQ(window_length(0, policy, set).wished, moo + boo + goo) << "without rules everything is allowed";
  policy.rules = {{.allow = true, .pattern = "m*", .place = {}}};
  EXPECT_EQ(window_length(0, policy, set).wished, moo);
  EXPECT_EQ(window_length(0x5000, policy, set).needed, 0x5000U);
  // The guest calls it boo, and no other name.
  policy.rules = {{.allow = true, .pattern = "boo", .place = {}}};
  policy.substitutions = {{.match = {}, .prefix = "left-", .place = {}}};
  EXPECT_EQ(window_length(0, policy, set).wished, boo);
  // What it creates is in what it needs already.
  policy.creates = {{.name = "boo", .bytes = kMiB, .gid = {}, .place = {}}};
  EXPECT_EQ(window_length(boo, policy, set).wished, boo);
  // Unless somebody may have made it larger.
  policy.creates[0].bytes = 0x1000;
  EXPECT_EQ(window_length(0x2000, policy, set).wished, boo);
}

TEST(PciMap, GivesTheLowestFirstUntilNoneIsLeft) {
  config::DiagnosticSink sink;
  PciMap map(machine_pc());
  map.reserve(3);
  ASSERT_TRUE(map.claim({0, 4, 0}, "vdev a", {}, sink));
  EXPECT_EQ(map.choose("vdev b", {}), 2u) << "0 and 1 are the machine's";
  EXPECT_EQ(map.choose("vdev c", {}), 5u);
  EXPECT_TRUE(map.claim({0, 3, 0}, "vdev d", {}, sink)) << "a reservation is no owner";
  for (std::uint32_t device = 6; device < 32; ++device) EXPECT_EQ(map.choose("vdev e", {}), device);
  EXPECT_EQ(map.choose("vdev f", {}), std::nullopt);
  EXPECT_EQ(sink.count(config::Severity::error), 0u);
}

TEST(PciMap, HasEightFunctionsPerDevice) {
  config::DiagnosticSink sink;
  PciMap map(machine_pc());
  ASSERT_TRUE(map.claim({0, 2, 7}, "vdev a", {}, sink));
  ASSERT_TRUE(map.claim({0, 2, 0}, "vdev b", {}, sink));
  EXPECT_EQ(map.choose("vdev c", {}), 3u) << "a device with any function is not free";
  EXPECT_FALSE(map.claim({0, 2, 7}, "vdev d", {}, sink));
  EXPECT_FALSE(map.claim({0, 1, 5}, "vdev e", {}, sink)) << "the machine's devices are whole";
  EXPECT_FALSE(map.claim({0, 2, 8}, "vdev f", {}, sink));
}

TEST(PciMap, TellsWhoHasSiblings) {
  config::DiagnosticSink sink;
  PciMap map(machine_pc());
  std::optional<PciPlace> first;
  std::optional<PciPlace> second;
  std::optional<PciPlace> alone;
  map.place({{config::PciPosition{0, 5, 1}, "vdev a", {}, 0, &second},
             {config::PciPosition{0, 5, 0}, "vdev b", {}, 1, &first},
             {std::nullopt, "vdev c", {}, 2, &alone}},
            sink);
  ASSERT_TRUE(first && second && alone);
  EXPECT_EQ(first->qemu_options(), "bus=pci.0,addr=0x5,multifunction=on");
  EXPECT_EQ(second->qemu_options(), "bus=pci.0,addr=0x5.1");
  EXPECT_EQ(alone->qemu_options(), "bus=pci.0,addr=0x2");
}

TEST_F(Windows, CanBeTooMuch) {
  EXPECT_FALSE(place(64 * kMiB, {{.needed = std::uint64_t{1} << 40}}));
}

}  // namespace
}  // namespace qvm::plan
