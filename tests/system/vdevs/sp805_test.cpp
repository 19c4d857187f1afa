// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// vdev wdt-sp805 inside a real QEMU. The test makes the accesses in place of a guest.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "tests/support/vdevs/qemu_process.h"
#include "vdevs/wdt-sp805/registers.h"

namespace qvm::testing {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kWatchdog = 0x1c0f0000;
constexpr std::uint32_t kShort = 25'000;  // a millisecond

std::string watchdog_config(const std::string& option, const std::string& argument) {
  return R"({"version":1,"vm":"guarded","vdevs":[{"id":"wdt-sp805-0","type":"wdt-sp805","object":")" +
         plugin_path("vdev-wdt-sp805.so") +
         R"(","place":"guarded.qvmconf:8:6","loc":{"space":"memory","address":)" + std::to_string(kWatchdog) +
         R"(,"length":4096},"interrupt":{"controller":"ioapic","line":21},"options":[{"name":")" + option +
         R"(","args":[")" + argument + R"("]}]}]})";
}

struct Watchdog : ::testing::Test {
  ScratchDirectory directory;
};

TEST_F(Watchdog, RaisesItsLine) {
  QemuProcess qemu{{.accelerator = "qtest",
                    .vmhost_config = directory.write("a.json", watchdog_config("action", "dump,terminate"))}};
  qemu.qtest("irq_intercept_in /machine/i440fx/ioapic");
  qemu.qtest_write('l', kWatchdog + sp805::kLoad, kShort);
  qemu.qtest_write('l', kWatchdog + sp805::kControl, sp805::kInterruptEnable);
  while (qemu.irqs().empty())
    qemu.qtest_read('l', kWatchdog);  // ended by the test's timeout if nothing comes
  EXPECT_EQ(qemu.qtest_read('l', kWatchdog + sp805::kMaskedStatus), 1u);
  qemu.qtest_write('l', kWatchdog + sp805::kInterruptClear, 1);
  qemu.qtest_write('l', kWatchdog + sp805::kControl, 0);
  qemu.qtest_read('l', kWatchdog);
  EXPECT_EQ(qemu.irqs().front(), "raise 21");
  EXPECT_EQ(qemu.irqs().back(), "lower 21");
}

TEST_F(Watchdog, EndsTheVmWhenItBites) {
  QemuProcess qemu{{.accelerator = "qtest",
                    .vmhost_config = directory.write("a.json", watchdog_config("action", "terminate"))}};
  qemu.qtest_write('l', kWatchdog + sp805::kLoad, kShort);
  qemu.qtest_write('l', kWatchdog + sp805::kControl, sp805::kInterruptEnable | sp805::kResetEnable);
  const QemuProcess::End end = qemu.wait(std::chrono::seconds(20));
  EXPECT_NE(end.status, 0);
  EXPECT_THAT(end.output, HasSubstr("vdev wdt-sp805-0 (guarded.qvmconf:8:6): the guest's watchdog bit"));
}

TEST_F(Watchdog, RefusesAnActionThatItCannotTake) {
  QemuProcess qemu{
      {.accelerator = "qtest", .vmhost_config = directory.write("a.json", watchdog_config("action", "fiq"))}};
  const QemuProcess::End end = qemu.wait(std::chrono::seconds(20));
  EXPECT_EQ(end.status, 1);
  EXPECT_THAT(end.output,
              HasSubstr("vdev wdt-sp805-0 (guarded.qvmconf:8:6): 'action' can only be 'terminate' here"));
}

TEST_F(Watchdog, RefusesAFrequencyOfZero) {
  QemuProcess qemu{{.accelerator = "qtest",
                    .vmhost_config = directory.write("a.json", watchdog_config("frequency", "0"))}};
  const QemuProcess::End end = qemu.wait(std::chrono::seconds(20));
  EXPECT_EQ(end.status, 1);
  EXPECT_THAT(end.output, HasSubstr("'frequency' is not a number from 1 to 4294967295"));
}

}  // namespace
}  // namespace qvm::testing
