// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "vdevs/vmhost/lines.h"

namespace qvm::vmhost {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// An interrupt controller that the test programs.
struct FakePins : PinDriver {
  void set(unsigned pin, bool level) override { calls.push_back(std::to_string(pin) + (level ? "+" : "-")); }
  bool can_miss() const override { return userspace; }
  bool missed(unsigned) override { return waiting; }

  bool userspace = false;
  bool waiting = false;
  std::vector<std::string> calls;
};

struct Fixture {
  explicit Fixture(bool userspace) : pins(new FakePins) { pins->userspace = userspace; }
  // Lets the earliest timer fire.
  void fire() {
    auto task = std::move(tasks.front());
    tasks.erase(tasks.begin());
    task();
  }

  FakePins* pins;  // owned by lines
  std::vector<std::function<void()>> tasks;
  std::vector<std::chrono::nanoseconds> delays;
  Lines lines{std::unique_ptr<PinDriver>(pins),
              [this](std::chrono::nanoseconds delay, std::function<void()> task) {
                delays.push_back(delay);
                tasks.push_back(std::move(task));
              }};
};

TEST(Lines, SetsAPinOnTransitionsOnly) {
  Fixture fixture(false);
  const auto source = fixture.lines.add_source(10);
  source->set(false);
  source->set(true);
  source->set(true);
  source->set(false);
  source->set(false);
  EXPECT_THAT(fixture.pins->calls, ElementsAre("10+", "10-"));
}

TEST(Lines, OrsTheSourcesOfOnePin) {
  Fixture fixture(false);
  const auto a = fixture.lines.add_source(10);
  const auto b = fixture.lines.add_source(10);
  a->set(true);
  b->set(true);
  a->set(false);
  EXPECT_THAT(fixture.pins->calls, ElementsAre("10+"));
  b->set(false);
  EXPECT_THAT(fixture.pins->calls, ElementsAre("10+", "10-"));
}

TEST(Lines, KeepsPinsApart) {
  Fixture fixture(false);
  const auto a = fixture.lines.add_source(10);
  const auto b = fixture.lines.add_source(11);
  a->set(true);
  b->set(true);
  a->set(false);
  EXPECT_THAT(fixture.pins->calls, ElementsAre("10+", "11+", "10-"));
}

TEST(Lines, DoesNotLookWhereNothingIsMissed) {
  Fixture fixture(false);
  fixture.pins->waiting = true;
  const auto source = fixture.lines.add_source(10);
  source->set(true);
  fixture.lines.look();
  EXPECT_THAT(fixture.tasks, IsEmpty());
  EXPECT_THAT(fixture.pins->calls, ElementsAre("10+"));
}

TEST(Lines, SetsAMissedPinAgainAtAGuestAccess) {
  Fixture fixture(true);
  const auto source = fixture.lines.add_source(10);
  source->set(true);
  fixture.pins->waiting = true;
  fixture.lines.look();
  EXPECT_THAT(fixture.pins->calls, ElementsAre("10+", "10+"));
}

TEST(Lines, SetsAMissedPinAgainByTimer) {
  Fixture fixture(true);
  const auto source = fixture.lines.add_source(10);
  source->set(true);
  fixture.pins->waiting = true;
  fixture.fire();
  EXPECT_THAT(fixture.pins->calls, ElementsAre("10+", "10+"));
}

TEST(Lines, LeavesAPinAloneThatIsNotMissed) {
  Fixture fixture(true);
  const auto source = fixture.lines.add_source(10);
  source->set(true);
  fixture.lines.look();
  fixture.fire();
  EXPECT_THAT(fixture.pins->calls, ElementsAre("10+"));
}

TEST(Lines, LooksLessAndLessOftenWhileAPinStaysHigh) {
  Fixture fixture(true);
  const auto source = fixture.lines.add_source(10);
  source->set(true);
  for (int i = 0; i < 7; ++i) fixture.fire();
  EXPECT_THAT(fixture.delays,
              ElementsAre(milliseconds(2), milliseconds(4), milliseconds(8), milliseconds(16),
                          milliseconds(32), milliseconds(64), milliseconds(64), milliseconds(64)));
}

TEST(Lines, StopsLookingWhenNoPinIsHigh) {
  Fixture fixture(true);
  const auto source = fixture.lines.add_source(10);
  source->set(true);
  source->set(false);
  fixture.fire();
  EXPECT_THAT(fixture.tasks, IsEmpty());
  source->set(true);
  EXPECT_EQ(fixture.tasks.size(), 1u);
  EXPECT_EQ(fixture.delays.back(), milliseconds(2));
}

TEST(Lines, LooksWithOneTimerForAllPins) {
  Fixture fixture(true);
  const auto a = fixture.lines.add_source(10);
  const auto b = fixture.lines.add_source(11);
  a->set(true);
  b->set(true);
  a->set(false);
  a->set(true);
  EXPECT_EQ(fixture.tasks.size(), 1u);
}

}  // namespace
}  // namespace qvm::vmhost
