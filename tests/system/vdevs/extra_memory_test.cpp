// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What vmhost adds to a machine besides vdevs, inside a real QEMU. The test makes the accesses in place of a
// guest.
#include <gtest/gtest.h>

#include <string>

#include "tests/support/vdevs/qemu_process.h"

namespace qvm::testing {
namespace {

constexpr std::uint64_t kRom = 0xd0000000;
constexpr std::uint64_t kHighRom = 0x180000000;
constexpr std::uint64_t kIoApic = 0xf8000000;
constexpr std::uint64_t kTimers = 0xf8008000;

std::string board_config(const std::string& lists) {
  return R"({"version":1,"vm":"board","vdevs":[],)" + lists + "}";
}

constexpr const char* kRoms =
    R"("memory":[{"place":"v.qvmconf:3:5","address":3489660928,"length":8192},
               {"place":"v.qvmconf:4:5","address":6442450944,"length":4096}])";
constexpr const char* kPlaces =
    R"("second_places":[{"part":"ioapic","place":"v.qvmconf:5:6","address":4160749568,"length":4096},
                        {"part":"hpet","place":"v.qvmconf:6:6","address":4160782336,"length":4096}])";

TEST(ExtraMemory, ReadOnlyMemoryHasWhatTheLoaderPutThere) {
  const ScratchDirectory directory;
  const std::string file = directory.write("data", std::string(16, '\x5a'));
  QemuProcess qemu({.accelerator = "qtest",
                    .vmhost_config = directory.write("vmhost.json", board_config(kRoms)),
                    .reboots = true,
                    .more = {"-device", "loader,file=" + file + ",addr=0xd0000ff8,force-raw=on"}});
  EXPECT_EQ(qemu.qtest_read('q', kRom), 0u);
  EXPECT_EQ(qemu.qtest_read('q', kRom + 0xff8), 0x5a5a5a5a5a5a5a5au);
  for (const char width : {'b', 'w', 'l', 'q'}) qemu.qtest_write(width, kRom + 0x1000, 0x11);
  qemu.qtest_write('q', kHighRom + 0xff8, 7);
  EXPECT_EQ(qemu.qtest_read('q', kRom + 0x1000), 0x5a5a5a5a5a5a5a5au);
  EXPECT_EQ(qemu.qtest_read('q', kRom + 0x1ff8), 0u);
  EXPECT_EQ(qemu.qtest_read('q', kHighRom + 0xff8), 0u);
}

TEST(ExtraMemory, OfAResetMachineIsTheSame) {
  const ScratchDirectory directory;
  const std::string file = directory.write("data", std::string(16, '\x5a'));
  QemuProcess qemu({.accelerator = "qtest",
                    .vmhost_config = directory.write("vmhost.json", board_config(kRoms)),
                    .reboots = true,
                    .more = {"-device", "loader,file=" + file + ",addr=0xd0000000,force-raw=on"}});
  qemu.qtest("outb 0xcf9 0x2");
  qemu.qtest("outb 0xcf9 0x6");
  EXPECT_EQ(qemu.qtest_read('q', kRom + 8), 0x5a5a5a5a5a5a5a5au);
}

TEST(ExtraMemory, SecondPlacesShowTheSameRegisters) {
  const ScratchDirectory directory;
  QemuProcess qemu(
      {.accelerator = "qtest", .vmhost_config = directory.write("vmhost.json", board_config(kPlaces))});
  qemu.qtest_write('l', kIoApic, 1);
  EXPECT_EQ(qemu.qtest_read('l', kIoApic + 0x10), 0x170020u);
  qemu.qtest_write('l', kIoApic, 0x10);
  qemu.qtest_write('l', kIoApic + 0x10, 0x10055);
  EXPECT_EQ(qemu.qtest_read('l', 0xfec00010), 0x10055u)
      << "the index and the entry, at the machine's own place";
  EXPECT_EQ(qemu.qtest_read('l', kTimers) >> 16, 0x8086u);
  EXPECT_EQ(qemu.qtest_read('q', kTimers), qemu.qtest_read('q', 0xfed00000));
}

TEST(ExtraMemory, SecondPlaceOfWhatIsNotThereIsAnError) {
  const auto end = run_to_the_end(board_config(kPlaces), {"-machine", "hpet=off"});
  EXPECT_EQ(end.status, 1);
  EXPECT_EQ(end.output,
            "qvm: high precision timer (v.qvmconf:6:6): the machine has no high precision timer\n");
}

TEST(ExtraMemory, FixedFunctionNeedsItsDevice) {
  const auto end = run_to_the_end(
      board_config(R"("pci_functions":[{"id":"pci-dummy0","place":"v.qvmconf:7:6","config":")" +
                   std::string(512, '0') + R"("}])"));
  EXPECT_EQ(end.status, 1);
  EXPECT_EQ(
      end.output,
      "qvm: vdev pci-dummy0 (v.qvmconf:7:6): the machine has no device 'qvm-pci-pci-dummy0'; start QEMU with "
      "'-device qvm-pci-pci-dummy0' as well\n");
}

}  // namespace
}  // namespace qvm::testing
