// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/wire/ringer.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace qvm::regions {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

std::shared_ptr<UniqueFd> make_eventfd() {
  return std::make_shared<UniqueFd>(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
}

bool rang(const UniqueFd& eventfd) {
  pollfd waiting{eventfd.get(), POLLIN, 0};
  return ::poll(&waiting, 1, 5000) == 1;
}

TEST(RegionRinger, RingsWhatItIsGiven) {
  Ringer ringer;
  for (int i = 0; i < 3; ++i) {
    const auto bell = make_eventfd();
    ringer.ring(bell);
    EXPECT_TRUE(rang(*bell));
  }
}

TEST(RegionRinger, RingsAgainAfterARing) {
  Ringer ringer;
  const auto bell = make_eventfd();
  for (int i = 0; i < 100; ++i) {
    ringer.ring(bell);
    ASSERT_TRUE(rang(*bell));
    std::uint64_t count = 0;
    ASSERT_EQ(::read(bell->get(), &count, sizeof count), 8);
  }
}

TEST(RegionRinger, MayEndWhileItHasWork) {
  const auto bell = make_eventfd();
  {
    Ringer ringer;
    for (int i = 0; i < 100; ++i) ringer.ring(bell);
  }
  EXPECT_EQ(bell.use_count(), 1);
}

TEST(RegionStrain, QuickRingsAreNone) {
  Strain strain;
  for (int i = 0; i < 10'000; ++i) strain.note(3, microseconds(500));
  EXPECT_FALSE(strain.is_slow(3));
}

TEST(RegionStrain, OneInterruptionIsForgotten) {
  Strain strain;
  for (int round = 0; round < 20; ++round) {
    strain.note(3, milliseconds(50));
    for (int i = 0; i < 20; ++i) strain.note(3, microseconds(5));
  }
  EXPECT_FALSE(strain.is_slow(3));
}

TEST(RegionStrain, ThreeSlowRingsInARowAreTooMuch) {
  Strain strain;
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(strain.is_slow(3));
    strain.note(3, milliseconds(5));
  }
  EXPECT_TRUE(strain.is_slow(3));
  EXPECT_FALSE(strain.is_slow(2));
}

TEST(RegionStrain, OneVerySlowRingIsTooMuch) {
  Strain strain;
  strain.note(15, milliseconds(101));
  EXPECT_TRUE(strain.is_slow(15));
}

TEST(RegionStrain, RemembersEvenIfRingingBecomesQuick) {
  Strain strain;
  strain.note(0, milliseconds(101));
  for (int i = 0; i < 1000; ++i) strain.note(0, microseconds(1));
  EXPECT_TRUE(strain.is_slow(0));
}

// Processor time as a receiver costs it that makes waking slow.
bool burn(microseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
  }
  return true;
}

TEST(RegionStrain, FindsWhoIsSlowWithinTwentyRings) {
  Strain strain;
  int rings = 0;
  while (!strain.is_slow(7) && rings < 100) {
    EXPECT_TRUE(strain.measure(7, [] { return burn(milliseconds(5)); }));
    ++rings;
  }
  EXPECT_LE(rings, 20);
}

TEST(RegionStrain, SleepIsNobodysFault) {
  Strain strain;
  for (int i = 0; i < 40; ++i) strain.measure(7, [] { return ::usleep(3000) == 0; });
  EXPECT_FALSE(strain.is_slow(7));
}

}  // namespace
}  // namespace qvm::regions
