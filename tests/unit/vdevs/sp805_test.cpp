// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/wdt-sp805/device.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace qvm::sp805 {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

// A machine whose time passes when the test says so.
class FakeHost final : public Host {
 public:
  nanoseconds now() override { return time; }
  void start_timer(nanoseconds delay) override {
    due = time + delay;
    ++timers;
  }
  void stop_timer() override { due.reset(); }
  void set_line(bool high) override { line.push_back(high); }
  void bite() override { ++bites; }

  bool line_high() const { return !line.empty() && line.back(); }

  nanoseconds time = seconds(1000);
  std::optional<nanoseconds> due;
  std::vector<bool> line;  // every level set, in order
  unsigned timers = 0;
  unsigned bites = 0;
};

// A watchdog of a million ticks a second.
class Sp805 : public ::testing::Test {
 protected:
  std::uint32_t read(std::uint64_t offset) { return static_cast<std::uint32_t>(device.read(offset, 4)); }
  void write(std::uint64_t offset, std::uint32_t value) { device.write(offset, 4, value); }
  void start(std::uint32_t ticks, std::uint32_t control) {
    write(kLoad, ticks);
    write(kControl, control);
  }
  // The timer runs out on its way as often as it is asked for.
  void pass(nanoseconds duration) {
    const nanoseconds end = host.time + duration;
    while (host.due && *host.due <= end && host.bites == 0) {
      host.time = *host.due;
      host.due.reset();
      device.expired();
    }
    host.time = end;
  }

  FakeHost host;
  Device device{host, 1'000'000};
};

constexpr std::uint32_t kInterruptAndReset = kInterruptEnable | kResetEnable;

TEST_F(Sp805, DoesNotCountAfterReset) {
  EXPECT_EQ(read(kLoad), 0xffffffffu);
  EXPECT_EQ(read(kValue), 0xffffffffu);
  EXPECT_EQ(read(kControl), 0u);
  EXPECT_EQ(read(kLock), 0u);
  pass(seconds(10000));
  EXPECT_EQ(read(kValue), 0xffffffffu);
  EXPECT_TRUE(host.line.empty());
}

TEST_F(Sp805, IdentifiesItselfAsDriversExpect) {
  std::vector<std::uint32_t> bytes;
  for (unsigned i = 0; i < 8; ++i) bytes.push_back(read(kIdentification + 4 * i));
  EXPECT_EQ(bytes, (std::vector<std::uint32_t>{0x05, 0x18, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1}));
}

TEST_F(Sp805, CountsDown) {
  start(1000, kInterruptEnable);
  EXPECT_EQ(read(kValue), 1000u);
  pass(microseconds(400));
  EXPECT_EQ(read(kValue), 600u);
  EXPECT_EQ(read(kLoad), 1000u);
  EXPECT_EQ(read(kRawStatus), 0u);
}

TEST_F(Sp805, RaisesItsInterruptAtZeroAndBeginsAnew) {
  start(1000, kInterruptEnable);
  pass(microseconds(1250));
  EXPECT_EQ(read(kRawStatus), 1u);
  EXPECT_EQ(read(kMaskedStatus), 1u);
  EXPECT_TRUE(host.line_high());
  EXPECT_EQ(read(kValue), 750u);
}

TEST_F(Sp805, IsAnsweredByClearingTheInterrupt) {
  start(1000, kInterruptAndReset);
  for (unsigned i = 0; i < 5; ++i) {
    pass(microseconds(1900));
    EXPECT_TRUE(host.line_high());
    write(kInterruptClear, 1);
    EXPECT_FALSE(host.line_high());
    EXPECT_EQ(read(kRawStatus), 0u);
    EXPECT_EQ(read(kValue), 1000u);
  }
  EXPECT_EQ(host.bites, 0u);
}

TEST_F(Sp805, BitesAtTheSecondZero) {
  start(1000, kInterruptAndReset);
  pass(microseconds(1999));
  EXPECT_EQ(host.bites, 0u);
  pass(microseconds(1));
  EXPECT_EQ(host.bites, 1u);
}

TEST_F(Sp805, DoesNotBiteWithoutResetEnable) {
  start(1000, kInterruptEnable);
  pass(seconds(60));
  EXPECT_EQ(host.bites, 0u);
  EXPECT_TRUE(host.line_high());
  EXPECT_EQ(host.timers, 1u);
}

TEST_F(Sp805, BitesAtTheNextZeroWhenResetIsEnabledLater) {
  start(1000, kInterruptEnable);
  pass(microseconds(5300));
  write(kControl, kInterruptAndReset);
  pass(microseconds(699));
  EXPECT_EQ(host.bites, 0u);
  pass(microseconds(1));
  EXPECT_EQ(host.bites, 1u);
}

TEST_F(Sp805, GivesAWholePeriodAfterALateInterrupt) {
  start(1000, kInterruptAndReset);
  host.time += microseconds(5000);
  device.expired();
  EXPECT_TRUE(host.line_high());
  EXPECT_EQ(host.bites, 0u);
  EXPECT_EQ(host.due, host.time + microseconds(1000));
}

TEST_F(Sp805, IsNotPutOffByAStoreWhileItsTimerIsLate) {
  start(1000, kInterruptAndReset);
  host.time += microseconds(1200);
  write(kControl, kInterruptAndReset);
  pass(nanoseconds(0));
  EXPECT_TRUE(host.line_high());
}

TEST_F(Sp805, IgnoresATimerThatIsTooEarly) {
  start(1000, kInterruptEnable);
  host.time += microseconds(999);
  device.expired();
  EXPECT_FALSE(host.line_high());
  EXPECT_EQ(host.due, host.time + microseconds(1));
}

TEST_F(Sp805, IgnoresATimerAfterItWasStopped) {
  start(1000, kInterruptAndReset);
  host.time += microseconds(400);
  write(kControl, 0);
  EXPECT_FALSE(host.due.has_value());
  host.time += microseconds(5000);
  device.expired();
  EXPECT_TRUE(host.line.empty());
  EXPECT_EQ(read(kValue), 600u);
}

TEST_F(Sp805, BeginsAnewWhenItIsEnabledAgain) {
  start(1000, kInterruptEnable);
  pass(microseconds(400));
  write(kControl, 0);
  write(kControl, kInterruptEnable);
  EXPECT_EQ(read(kValue), 1000u);
}

TEST_F(Sp805, HidesItsInterruptWhileItIsDisabled) {
  start(1000, kInterruptEnable);
  pass(microseconds(1000));
  write(kControl, 0);
  EXPECT_EQ(read(kRawStatus), 1u);
  EXPECT_EQ(read(kMaskedStatus), 0u);
  EXPECT_FALSE(host.line_high());
  write(kControl, kInterruptEnable);
  EXPECT_TRUE(host.line_high());
}

TEST_F(Sp805, IgnoresStoresWhileItIsLocked) {
  start(1000, kInterruptEnable);
  write(kLock, 0);
  EXPECT_EQ(read(kLock), 1u);
  write(kLoad, 5);
  write(kControl, 0);
  pass(microseconds(1000));
  write(kInterruptClear, 1);
  EXPECT_EQ(read(kLoad), 1000u);
  EXPECT_EQ(read(kControl), kInterruptEnable);
  EXPECT_EQ(read(kRawStatus), 1u);
  write(kLock, kUnlock);
  EXPECT_EQ(read(kLock), 0u);
  write(kInterruptClear, 1);
  EXPECT_EQ(read(kRawStatus), 0u);
}

TEST_F(Sp805, KeepsOnlyTheBitsOfItsControlRegister) {
  write(kControl, 0xfffffffc);
  EXPECT_EQ(read(kControl), 0u);
}

TEST_F(Sp805, HasReadOnlyRegisters) {
  for (const std::uint64_t offset : {kValue, kRawStatus, kMaskedStatus, kIdentification}) {
    const std::uint32_t before = read(offset);
    write(offset, ~before);
    EXPECT_EQ(read(offset), before) << offset;
  }
}

TEST_F(Sp805, AnswersWordsOnly) {
  write(kLoad, 0x12345678);
  EXPECT_EQ(device.read(kLoad, 1), 0u);
  EXPECT_EQ(device.read(kLoad, 8), 0u);
  EXPECT_EQ(device.read(kLoad + 2, 4), 0u);
  device.write(kLoad, 8, 5);
  device.write(kLoad + 1, 4, 5);
  EXPECT_EQ(read(kLoad), 0x12345678u);
  EXPECT_EQ(read(0xffc), 0xb1u);
  EXPECT_EQ(read(0x800), 0u);
}

TEST_F(Sp805, TakesALoadOfZeroAsOneTick) {
  start(0, kInterruptAndReset);
  pass(microseconds(2));
  EXPECT_EQ(host.bites, 1u);
}

TEST_F(Sp805, CountsItsLongestTime) {
  Device slow(host, 1);
  slow.write(kControl, 4, kInterruptEnable);
  EXPECT_EQ(host.due, host.time + seconds(0xffffffff));
  EXPECT_EQ(slow.read(kValue, 4), 0xffffffffu);
}

TEST_F(Sp805, ForgetsEverythingAtReset) {
  start(1000, kInterruptAndReset);
  pass(microseconds(1000));
  write(kLock, 0);
  device.reset();
  EXPECT_FALSE(host.line_high());
  EXPECT_FALSE(host.due.has_value());
  EXPECT_EQ(read(kLoad), 0xffffffffu);
  EXPECT_EQ(read(kControl), 0u);
  EXPECT_EQ(read(kRawStatus), 0u);
  EXPECT_EQ(read(kLock), 0u);
}

}  // namespace
}  // namespace qvm::sp805
