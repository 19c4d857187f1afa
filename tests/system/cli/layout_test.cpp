// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Guests that were made for the board of a configuration: they look where it says, and nowhere else.
#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "tests/system/cli/cli_fixture.h"

namespace qvm::test {
namespace {

using testing::HasSubstr;

using Layout = AcceleratedCliTest;
INSTANTIATE_TEST_SUITE_P(Under, Layout, testing::Values("tcg", "kvm"), accelerator_name);

// A VM that runs layout-check with this command line, on the layout of QNX's boards.
std::string board_config(const std::string& cmdline, const std::string& more) {
  return "system board\nram 0,0xa0000\nreserve loc 0xa0000,0x20000\nrom 0xc0000,0x40000\nram 1m,63m\n"
         "load \"$env{QVM_GUESTS}/layout-check.elf\"\ncmdline \"" +
         cmdline + "\"\nvdev ser8250 hostdev -\n" + more;
}

TEST_P(Layout, FindsItsInterruptControllerAndTimersWhereTheFileSays) {
  const std::string file = sandbox_.add(
      "board.qvmconf", board_config("ioapic=0xf8000000 hpet=0xf8008000",
                                    "vdev ioapic loc 0xf8000000 intr apic name myioapic\n"
                                    "vdev hpet loc 0xf8008000\nvdev timer8254 intr myioapic:0\n"));
  const Answer answer = sandbox_.qvm({"--accel", GetParam(), "@" + file});
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_EQ(
      answer.out,
      "ioapic: version 0x170020, 5 interrupts\r\nhpet: vendor 0x8086, counts\r\nlayout-check: done\r\n");
  EXPECT_EQ(answer.err, "");
}

TEST_P(Layout, FindsThemWhereAcpiSaysAsWell) {
  const std::string file = sandbox_.add(
      "board.qvmconf", board_config("ioapic=0xfec00000 hpet=0xfed00000",
                                    "vdev ioapic loc 0xf8000000 intr apic\nvdev hpet loc 0xf8008000\n"));
  const Answer answer = sandbox_.qvm({"--accel", GetParam(), "@" + file});
  EXPECT_THAT(answer.out, HasSubstr("5 interrupts\r\nhpet: vendor 0x8086, counts\r\n")) << answer.err;
}

// The interrupt of a vdev, through the I/O APIC of the configuration.
TEST_P(Layout, GetsInterruptsOfVdevsThere) {
  const std::string file = sandbox_.add(
      "irq.qvmconf",
      "system irq\nram 64M\nload \"$env{QVM_GUESTS}/irq-cases.elf\"\ncmdline \"irq=10 region=irq "
      "ioapic=0xf8000000\"\n"
      "vdev ioapic loc 0xf8000000 intr apic name myioapic\nvdev ser8250 intr myioapic:4\n"
      "vdev shmem loc 0x1c050000 intr myioapic:10 allow irq\n");
  const Answer answer = sandbox_.qvm({"--accel", GetParam(), "@" + file});
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_THAT(answer.out, HasSubstr("irq-cases: 15 passed, 0 failed")) << answer.out;
}

TEST_P(Layout, CannotChangeReadOnlyMemory) {
  sandbox_.add("table.bin", std::string(5000, '\2'));
  for (const std::string address : {"0xd0000000", "0x180000000", "0xc0000"}) {
    const std::string file =
        sandbox_.add("rom.qvmconf", board_config("memory=" + address + " bytes=8192",
                                                 "rom 0xd0000000,0x4000\nrom 0x180000000,0x4000\ndata load " +
                                                     address + "," + sandbox_.directory() + "/table.bin\n"));
    const Answer answer = sandbox_.qvm({"--accel", GetParam(), "@" + file});
    EXPECT_EQ(answer.status, 0) << answer.err;
    EXPECT_EQ(answer.out, "memory: sum 10000, after stores 10000\r\nlayout-check: done\r\n") << address;
  }
}

TEST_P(Layout, HasDataInItsRam) {
  sandbox_.add("table.bin", std::string(5000, '\2'));
  const std::string file = sandbox_.add(
      "ram.qvmconf", board_config("memory=0x200000 bytes=8192",
                                  "data load 0x200000," + sandbox_.directory() + "/table.bin\n"));
  const Answer answer = sandbox_.qvm({"--accel", GetParam(), "@" + file});
  EXPECT_EQ(answer.out, "memory: sum 10000, after stores 8192\r\nlayout-check: done\r\n") << answer.err;
}

// Readable by its owner only: a VM that runs as another user gets it all the same.
TEST_P(Layout, FindsAnAcpiTableOfItsOwn) {
  const std::string path = sandbox_.add(
      "table.aml", "OEMX" + std::string("\x28\0\0\0\1", 5) + std::string(27, ' ') + "\x78\x56\x34\x12");
  std::filesystem::permissions(path,
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const std::string file =
      sandbox_.add("acpi.qvmconf", board_config("acpi=OEMX", "acpi load " + path + "\n"));
  const Answer answer = sandbox_.qvm({"--accel", GetParam(), "@" + file});
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_EQ(answer.out, "acpi: OEMX ends with 0x12345678\r\nlayout-check: done\r\n");
}

TEST_P(Layout, HasADummyBeforeItsOtherFunctions) {
  const std::string dummy = "vdev virtio-entropy loc pci:0:5.1\nvdev pci-dummy loc pci:0:5";
  const std::string file = sandbox_.add(
      "pci.qvmconf",
      board_config("pci=5",
                   dummy + " reg 0/8=0x1234567 reg Revision_ID=7 reg Class_Code[2]=0xb reg 0x2c/4=0xab\n"));
  const Answer answer = sandbox_.qvm({"--accel", GetParam(), "@" + file});
  EXPECT_EQ(answer.status, 0) << answer.err;
  const std::string header =
      "pci: 0x1234567 0x0 0xb000007 0x800000 0x0 0x0 0x0 0x0 0x0 0x0 0x0 0xab 0x0 0x0 0x0 0x0\r\n";
  EXPECT_EQ(answer.out, header + header + "layout-check: done\r\n");
}

TEST_P(Layout, FindsTheFunctionBehindADummy) {
  const std::string file = sandbox_.add(
      "pci.qvmconf",
      board_config("pci=5 function=1", "vdev virtio-entropy loc pci:0:5.1\nvdev pci-dummy loc pci:0:5\n"));
  const Answer answer = sandbox_.qvm({"--accel", GetParam(), "@" + file});
  EXPECT_THAT(answer.out, HasSubstr("pci: 0x10441af4 ")) << answer.err;
}

// "0000:00:01.0" as `clone` wants it.
std::string position_of(const std::string& address) {
  return "0x" + address.substr(5, 2) + ":0x" + address.substr(8, 2) + "." + address.substr(11);
}

TEST_P(Layout, ShowsADeviceOfTheHost) {
  std::error_code error;
  std::string position;
  std::string numbers;
  for (std::filesystem::directory_iterator entry("/sys/bus/pci/devices", error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string address = entry->path().filename();
    std::ifstream config(entry->path() / "config", std::ios::binary);
    std::array<unsigned char, 64> header{};
    if (!address.starts_with("0000:") ||
        !config.read(reinterpret_cast<char*>(header.data()), header.size()) || (header[14] & 0x7f) != 0)
      continue;
    position = position_of(address);
    numbers = fmt::format("{:#x}", header[0] | header[1] << 8 | header[2] << 16 | unsigned{header[3]} << 24);
  }
  if (position.empty()) GTEST_SKIP() << "this host has no PCI device that can be cloned";
  const std::string file = sandbox_.add(
      "pci.qvmconf", board_config("pci=5", "vdev pci-dummy loc pci:0:5 clone pci:" + position + "\n"));
  const Answer answer = sandbox_.qvm({"--accel", GetParam(), "@" + file});
  EXPECT_THAT(answer.out, HasSubstr("pci: " + numbers + " 0x0 ")) << answer.err;
}

}  // namespace
}  // namespace qvm::test
