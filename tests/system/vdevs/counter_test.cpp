// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The example of docs/vdev-abi.md inside a real QEMU. The test makes the accesses in place of a guest.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/vdevs/qemu_process.h"

namespace qvm::testing {
namespace {

constexpr std::uint64_t kCounter = 0x1c060000;
constexpr std::uint64_t kCount = kCounter;
constexpr std::uint64_t kPeriod = kCounter + 4;
constexpr std::uint64_t kWindow = 0x80000000;

std::string counter_config(const std::string& start = "41", std::uint64_t loc = kCounter) {
  return R"({"version":1,"vm":"counting","vdevs":[{"id":"counter0","type":"counter","object":")" QVM_COUNTER_VDEV
         R"(","place":"counter.qvmconf:18:6","loc":{"space":"memory","address":)" +
         std::to_string(loc) +
         R"(,"length":4096},"interrupt":{"controller":"ioapic","line":21},)"
         R"("window":{"address":2147483648,"length":1048576},"options":[{"name":"start","args":[")" +
         start + R"("]}]}]})";
}

struct Counter : ::testing::Test {
  ScratchDirectory directory;
  QemuProcess qemu{{.accelerator = "qtest",
                    .vmhost_config = directory.write("vmhost.json", counter_config()),
                    .reboots = true}};
};

TEST_F(Counter, StartsAsConfigured) {
  EXPECT_EQ(qemu.qtest_read('l', kCount), 41u);
  EXPECT_EQ(qemu.qtest_read('l', kPeriod), 0u);
}

TEST_F(Counter, SeesEveryWidth) {
  // It answers 4 bytes only: the other widths must reach it as what they are.
  EXPECT_EQ(qemu.qtest_read('b', kCount), 0u);
  EXPECT_EQ(qemu.qtest_read('w', kCount), 0u);
  EXPECT_EQ(qemu.qtest_read('q', kCount), 0u);
  EXPECT_EQ(qemu.qtest_read('l', kCount), 41u);
}

TEST_F(Counter, TicksAndDrivesItsLine) {
  qemu.qtest("irq_intercept_in /machine/i440fx/ioapic");
  qemu.qtest_write('l', kPeriod, 1000);
  while (qemu.irqs().empty()) qemu.qtest_read('l', kPeriod);  // ended by the test's timeout if nothing comes
  qemu.qtest_write('l', kPeriod, 0);
  EXPECT_GT(qemu.qtest_read('l', kCount), 41u);
  qemu.qtest_read('l', kPeriod);
  EXPECT_EQ(qemu.irqs().front(), "raise 21");
  EXPECT_EQ(qemu.irqs().back(), "lower 21");
}

TEST_F(Counter, ResetsWithTheMachine) {
  qemu.qtest_write('l', kPeriod, 1000);
  while (qemu.qtest_read('l', kCount) == 41u) {
  }
  qemu.qtest("outb 0xcf9 0x2");
  qemu.qtest("outb 0xcf9 0x6");
  while (qemu.qtest_read('l', kPeriod) != 0u) {
  }
  EXPECT_EQ(qemu.qtest_read('l', kCount), 41u);
}

TEST_F(Counter, AWindowWithNothingInItReadsAllOnes) {
  qemu.qtest_write('q', kWindow + 8, 5);
  EXPECT_EQ(qemu.qtest_read('q', kWindow + 8), ~std::uint64_t{0});
  EXPECT_EQ(qemu.qtest_read('b', kWindow + 0xfffff), 0xffu);
}

TEST(CounterPair, SharesAPinAsAnOr) {
  constexpr std::uint64_t kOther = 0x1c061000;
  const std::string both = [] {
    std::string text = counter_config();
    const std::string first = text.substr(text.find("{\"id\""), text.rfind("]}") - text.find("{\"id\""));
    std::string second = first;
    second.replace(second.find("counter0"), 8, "counter1");
    second.replace(second.find(std::to_string(kCounter)), std::to_string(kCounter).size(),
                   std::to_string(kOther));
    return text.insert(text.rfind("]}"), "," + second);
  }();
  const ScratchDirectory directory;
  QemuProcess qemu({.accelerator = "qtest", .vmhost_config = directory.write("vmhost.json", both)});
  qemu.qtest("irq_intercept_in /machine/i440fx/ioapic");
  const std::vector<std::string> up = {"raise 21"};
  qemu.qtest_write('l', kPeriod, 1000);
  while (qemu.irqs().empty()) qemu.qtest_read('l', kPeriod);
  qemu.qtest_write('l', kPeriod, 0);
  // The other one goes up and down while the first, whose count nobody reads, stays up.
  qemu.qtest_write('l', kOther + 4, 1000);
  while (qemu.qtest_read('l', kOther) < 43u) {
  }
  qemu.qtest_write('l', kOther + 4, 0);
  qemu.qtest_read('l', kOther);
  qemu.qtest_read('l', kPeriod);
  EXPECT_EQ(qemu.irqs(), up);
  qemu.qtest_read('l', kCount);
  qemu.qtest_read('l', kPeriod);
  EXPECT_EQ(qemu.irqs(), (std::vector<std::string>{"raise 21", "lower 21"}));
}

TEST(CounterFailure, NamesTheOption) {
  const auto end = run_to_the_end(counter_config("many"));
  EXPECT_EQ(end.output, "qvm: vdev counter0 (counter.qvmconf:18:6): 'start' is not a number of 32 bits\n");
  EXPECT_EQ(end.status, 1);
}

TEST(CounterFailure, SaysThatItsRegistersAreInAWindow) {
  const auto end = run_to_the_end(counter_config("1", kWindow));
  EXPECT_EQ(end.output,
            "qvm: vdev counter0 (counter.qvmconf:18:6): its 'loc' 0x80000000 lies in the region window "
            "0x80000000,0x100000\n");
  EXPECT_EQ(end.status, 1);
}

}  // namespace
}  // namespace qvm::testing
