// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "vdevs/vmhost/window_allocator.h"

namespace qvm::vmhost {
namespace {

using std::chrono::milliseconds;
using Time = WindowAllocator::Time;
using Place = WindowAllocator::Place;

constexpr std::uint64_t kStart = 0x80000000;
constexpr Time kNow{};

TEST(WindowAllocator, PutsTheFirstControlPageAtTheStart) {
  WindowAllocator window(kStart, 1 << 20);
  EXPECT_EQ(window.allocate(4096, kNow), (Place{kStart, 8192}));
}

TEST(WindowAllocator, AlignsDataOfTwoMebibytesAndMore) {
  WindowAllocator window(kStart, 64 << 20);
  EXPECT_EQ(window.allocate(kHugePageBytes, kNow)->address, kStart + kHugePageBytes - kPageBytes);
  EXPECT_EQ(window.allocate(kHugePageBytes + kPageBytes, kNow)->address,
            kStart + 3 * kHugePageBytes - kPageBytes);
}

TEST(WindowAllocator, DoesNotAlignSmallerData) {
  WindowAllocator window(kStart, 64 << 20);
  EXPECT_EQ(window.allocate(kHugePageBytes - kPageBytes, kNow)->address, kStart);
}

TEST(WindowAllocator, FillsTheGapBelowAlignedData) {
  WindowAllocator window(kStart, 64 << 20);
  window.allocate(kHugePageBytes, kNow);
  EXPECT_EQ(window.allocate(kPageBytes, kNow)->address, kStart);
}

TEST(WindowAllocator, FillsTheWindowToItsLastPage) {
  WindowAllocator window(kStart, 4 * kPageBytes);
  EXPECT_TRUE(window.allocate(kPageBytes, kNow));
  EXPECT_TRUE(window.allocate(kPageBytes, kNow));
  EXPECT_FALSE(window.allocate(kPageBytes, kNow));
}

TEST(WindowAllocator, TakesExactlyTheWholeWindow) {
  WindowAllocator window(kStart, 16 * kPageBytes);
  EXPECT_FALSE(window.allocate(16 * kPageBytes, kNow));
  EXPECT_TRUE(window.allocate(15 * kPageBytes, kNow));
}

TEST(WindowAllocator, RefusesLengthsThatCannotBe) {
  WindowAllocator window(kStart, 1 << 20);
  EXPECT_FALSE(window.allocate(0, kNow));
  EXPECT_FALSE(window.allocate(~std::uint64_t{0} - 4095, kNow));
}

TEST(WindowAllocator, WorksAtTheEndOfTheAddressSpace) {
  WindowAllocator window(~std::uint64_t{0} - (1 << 20) - 4095, 1 << 20);
  EXPECT_TRUE(window.allocate(kPageBytes, kNow));
  EXPECT_FALSE(window.allocate(kHugePageBytes, kNow));
}

TEST(WindowAllocator, LetsAPlaceRestBeforeItIsUsedAgain) {
  WindowAllocator window(kStart, 1 << 20);
  const Place first = *window.allocate(kPageBytes, kNow);
  window.release(first, kNow);
  EXPECT_NE(window.allocate(kPageBytes, kNow + WindowAllocator::kRest - milliseconds(1))->address,
            first.address);
  EXPECT_EQ(window.allocate(kPageBytes, kNow + WindowAllocator::kRest)->address, first.address);
}

TEST(WindowAllocator, UsesARestingPlaceRatherThanNone) {
  WindowAllocator window(kStart, 2 * kPageBytes);
  const Place only = *window.allocate(kPageBytes, kNow);
  window.release(only, kNow);
  EXPECT_EQ(window.allocate(kPageBytes, kNow), only);
}

TEST(WindowAllocator, LetsABoundedNumberOfPlacesRest) {
  WindowAllocator window(kStart, 64 << 20);
  const Place first = *window.allocate(kPageBytes, kNow);
  window.release(first, kNow);
  std::uint64_t cycles = 1;
  while (true) {
    const Place next = *window.allocate(kPageBytes, kNow);
    if (next.address == first.address) break;
    window.release(next, kNow);
    ASSERT_LE(++cycles, WindowAllocator::kMaxResting + 1);
  }
  EXPECT_EQ(cycles, WindowAllocator::kMaxResting + 1);
}

TEST(WindowAllocator, IgnoresAReleaseOfWhatIsNotAllocated) {
  WindowAllocator window(kStart, 2 * kPageBytes);
  const Place only = *window.allocate(kPageBytes, kNow);
  window.release({only.address, only.bytes + kPageBytes}, kNow);
  EXPECT_FALSE(window.allocate(kPageBytes, kNow));
}

TEST(WindowAllocator, NeverGivesOverlappingPlaces) {
  WindowAllocator window(kStart, 32 << 20);
  std::mt19937 random(1);
  std::vector<Place> live;
  for (int step = 0; step < 5000; ++step) {
    const Time now = kNow + milliseconds(step * 10);
    if (live.size() < 20 && random() % 3 != 0) {
      const std::uint64_t pages = 1 + random() % 1200;
      const auto place = window.allocate(pages * kPageBytes, now);
      if (!place) continue;
      ASSERT_GE(place->address, kStart);
      ASSERT_LE(place->address + place->bytes, kStart + (32 << 20));
      for (const Place& other : live) {
        ASSERT_TRUE(place->address + place->bytes <= other.address ||
                    other.address + other.bytes <= place->address);
      }
      live.push_back(*place);
    } else if (!live.empty()) {
      const std::size_t victim = random() % live.size();
      window.release(live[victim], now);
      live.erase(live.begin() + static_cast<std::ptrdiff_t>(victim));
    }
  }
}

}  // namespace
}  // namespace qvm::vmhost
