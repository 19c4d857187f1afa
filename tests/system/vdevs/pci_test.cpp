// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// A vdev as a PCI function inside a real QEMU: the example of docs/vdev-abi.md, which does not know of PCI.
// The test makes the accesses in place of a guest.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/vdevs/qemu_process.h"

namespace qvm::testing {
namespace {

constexpr std::uint32_t kSlot = 0x1f;
constexpr std::uint64_t kBar = 0xe0400000;
constexpr std::uint32_t kCommandOffset = 4;
constexpr std::uint32_t kBarOffset = 0x10;
constexpr std::uint32_t kPinOffset = 0x3c;

std::string vdev(const std::string& id) {
  return R"({"id":")" + id +
         R"(","type":"counter","object":")" QVM_COUNTER_VDEV
         R"(","place":"pci.qvmconf:3:6","pci":{"vendor":7173,"device":17,"class":2176,"length":4096},)"
         R"("options":[{"name":"start","args":["41"]}]})";
}
std::string pci_config(const std::string& vdevs) {
  return R"({"version":1,"vm":"counting","vdevs":[)" + vdevs + "]}";
}

struct PciCounter : ::testing::Test {
  std::uint32_t read_config(std::uint32_t slot, std::uint32_t offset) {
    select(slot, offset);
    return static_cast<std::uint32_t>(std::stoul(qemu.qtest("inl 0xcfc"), nullptr, 0));
  }
  void write_config(std::uint32_t slot, std::uint32_t offset, std::uint32_t value) {
    select(slot, offset);
    qemu.qtest("outl 0xcfc " + std::to_string(value));
  }
  void select(std::uint32_t slot, std::uint32_t offset) {
    qemu.qtest("outl 0xcf8 " + std::to_string(1u << 31 | slot << 11 | offset));
  }
  void open() {
    write_config(kSlot, kBarOffset, kBar);
    write_config(kSlot, kCommandOffset, 0xffff);
  }
  void wait_for_tick() {
    const std::uint64_t before = qemu.qtest_read('l', kBar);
    while (qemu.qtest_read('l', kBar) == before) {
    }
  }

  ScratchDirectory directory;
  QemuProcess qemu{{.accelerator = "qtest",
                    .vmhost_config = directory.write("vmhost.json", pci_config(vdev("counter0"))),
                    .reboots = true,
                    .more = {"-device", "qvm-pci-counter0,addr=0x1f"}}};
};

TEST_F(PciCounter, IsDescribedInItsConfigurationSpace) {
  EXPECT_EQ(read_config(kSlot, 0), 0x00111c05u);
  EXPECT_EQ(read_config(kSlot, 8) >> 16, 0x0880u);
  EXPECT_EQ(read_config(kSlot, kPinOffset) >> 8 & 0xff, 1u);
  write_config(kSlot, kBarOffset, 0xffffffff);
  EXPECT_EQ(read_config(kSlot, kBarOffset), 0xfffff000u) << "4 KiB, 32-bit, not prefetchable memory";
  EXPECT_EQ(read_config(kSlot, kBarOffset + 4), 0u);
}

TEST_F(PciCounter, AnswersWhereItsGuestPutsIt) {
  write_config(kSlot, kBarOffset, kBar);
  EXPECT_NE(qemu.qtest_read('l', kBar), 41u) << "memory is off";
  write_config(kSlot, kCommandOffset, 2);
  EXPECT_EQ(qemu.qtest_read('l', kBar), 41u);
  write_config(kSlot, kBarOffset, kBar + 0x10000);
  EXPECT_NE(qemu.qtest_read('l', kBar), 41u);
  EXPECT_EQ(qemu.qtest_read('l', kBar + 0x10000), 41u);
}

TEST_F(PciCounter, KeepsItsInterruptWhateverIsInTheCommandRegister) {
  for (const char* store : {"outl 0xcfc 0xffff", "outw 0xcfc 0xffff", "outb 0xcfd 0xff"}) {
    select(kSlot, kCommandOffset);
    qemu.qtest(store);
    EXPECT_EQ(read_config(kSlot, kCommandOffset) & 0x0400, 0u) << store;
  }
  EXPECT_EQ(read_config(kSlot, kCommandOffset) & 0x0107, 0x0107u);
}

TEST_F(PciCounter, InterruptsOnTheLineItIsRoutedTo) {
  // Slot 31's INTA is the second of the four wires; 0x60 to 0x63 of the bridge route them.
  write_config(1, 0x60, 0x0b0b0b0b);
  qemu.qtest("irq_intercept_in /machine/i440fx/ioapic");
  open();
  qemu.qtest_write('l', kBar + 4, 1000);
  while (qemu.irqs().empty()) qemu.qtest_read('l', kBar + 4);
  qemu.qtest_write('l', kBar + 4, 0);
  qemu.qtest_read('l', kBar);
  qemu.qtest_read('l', kBar + 4);
  EXPECT_EQ(qemu.irqs().front(), "raise 11");
  EXPECT_EQ(qemu.irqs().back(), "lower 11");
}

TEST_F(PciCounter, MayBeEjectedWhileItTicks) {
  open();
  qemu.qtest_write('l', kBar + 4, 100);
  wait_for_tick();
  qemu.qtest("outl 0xae10 0");
  qemu.qtest("outl 0xae08 0x80000000");
  EXPECT_EQ(read_config(kSlot, 0), ~0u);
  for (int i = 0; i < 1000; ++i) qemu.qtest_read('l', kBar);
  qemu.qtest("outb 0xcf9 0x2");
  qemu.qtest("outb 0xcf9 0x6");
  EXPECT_EQ(read_config(0, 0) & 0xffff, 0x8086u) << "the machine goes on";
}

TEST(PciFunction, NeedsItsDevice) {
  const auto end = run_to_the_end(pci_config(vdev("counter0")));
  EXPECT_EQ(end.status, 1);
  EXPECT_EQ(
      end.output,
      "qvm: vdev counter0 (pci.qvmconf:3:6): the machine has no device 'qvm-pci-counter0'; start QEMU with "
      "'-device qvm-pci-counter0' as well\n");
}

TEST(PciFunction, IsThereOnce) {
  const auto end = run_to_the_end(pci_config(vdev("counter0")),
                                  {"-device", "qvm-pci-counter0", "-device", "qvm-pci-counter0"});
  EXPECT_EQ(end.status, 1);
  EXPECT_NE(
      end.output.find("qvm-pci-counter0: there can be one device of this type, and only from the start"),
      std::string::npos)
      << end.output;
}

TEST(PciFunction, HasOthersBesideIt) {
  const ScratchDirectory directory;
  QemuProcess qemu(
      {.accelerator = "qtest",
       .vmhost_config = directory.write("vmhost.json", pci_config(vdev("counter0") + "," + vdev("counter1"))),
       .more = {"-device", "qvm-pci-counter1,addr=0x1e", "-device", "virtio-rng-pci", "-device",
                "qvm-pci-counter0,addr=0x1f"}});
  for (const std::uint32_t slot : {0x1eu, 0x1fu}) {
    qemu.qtest("outl 0xcf8 " + std::to_string(1u << 31 | slot << 11));
    EXPECT_EQ(qemu.qtest("inl 0xcfc"), "0x111c05");
  }
}

}  // namespace
}  // namespace qvm::testing
