// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "guests/baremetal/aarch64/board.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/support/flat_tree.h"

namespace {

using guest::Board;
using guest::Conduit;
using guest::DeviceTree;
using qvm::test::FlatTree;

// A root of two cells for addresses and sizes, with what `content` writes in it.
class BoardTree : public testing::Test {
 protected:
  Board read(const std::function<void()>& content) {
    tree.node("", [&] {
      tree.cells("#address-cells", {2});
      tree.cells("#size-cells", {2});
      content();
    });
    blob = tree.finish();
    DeviceTree opened;
    Board board;
    EXPECT_TRUE(opened.open(blob.data(), blob.size()));
    read_board(opened, &board);
    return board;
  }

  void device(const std::string& name, const std::string& compatible, std::uint32_t address,
              std::vector<std::uint32_t> interrupts = {}) {
    tree.node(name, [&] {
      tree.text("compatible", compatible);
      tree.cells("reg", {0, address, 0, 0x1000});
      if (!interrupts.empty()) tree.cells("interrupts", interrupts);
    });
  }

  void gic_v3() {
    tree.node("intc@2f000000", [&] {
      tree.text("compatible", "arm,gic-v3");
      tree.cells("#interrupt-cells", {3});
      tree.cells("reg", {0, 0x2f000000, 0, 0x10000, 0, 0x2f100000, 0, 0x40000});
    });
  }

  FlatTree tree;
  std::vector<std::uint8_t> blob;
};

TEST_F(BoardTree, FindsGicOfVersion3) {
  const Board board = read([&] { gic_v3(); });
  EXPECT_EQ(board.gic_version, 3u);
  EXPECT_EQ(board.distributor.address, 0x2f000000u);
  ASSERT_EQ(board.redistributors.count, 1u);
  EXPECT_EQ(board.redistributors.items[0].address, 0x2f100000u);
  EXPECT_EQ(board.redistributors.items[0].size, 0x40000u);
}

TEST_F(BoardTree, FindsGicOfVersion2) {
  const Board board = read([&] {
    tree.node("intc@8000000", [&] {
      tree.text("compatible", "arm,cortex-a15-gic");
      tree.cells("#interrupt-cells", {3});
      tree.cells("reg", {0, 0x8000000, 0, 0x1000, 0, 0x8010000, 0, 0x2000});
    });
  });
  EXPECT_EQ(board.gic_version, 2u);
  EXPECT_EQ(board.distributor.address, 0x8000000u);
  EXPECT_EQ(board.processor_interface.address, 0x8010000u);
}

TEST_F(BoardTree, NumbersInterruptsAsTheGicDoes) {
  const Board board = read([&] {
    tree.node("timer", [&] {
      tree.text("compatible", "arm,armv8-timer");
      tree.cells("interrupts", {1, 13, 4, 1, 14, 4, 1, 11, 4, 1, 10, 4});
    });
    device("shmem@1c050000", "qvm,guest_shm", 0x1c050000, {0, 6, 4});
    device("watchdog@1c0f0000", "arm,sp805", 0x1c0f0000, {0, 0, 4});
    gic_v3();
  });
  EXPECT_EQ(board.timer_interrupt, 27u);
  EXPECT_EQ(board.shmem.interrupt, 38u);
  EXPECT_EQ(board.shmem.registers.address, 0x1c050000u);
  EXPECT_EQ(board.watchdog.interrupt, 32u);
}

TEST_F(BoardTree, HasNoInterruptWithoutAController) {
  const Board board = read([&] { device("shmem@1c050000", "qvm,guest_shm", 0x1c050000, {0, 6, 4}); });
  EXPECT_TRUE(board.shmem.present());
  EXPECT_EQ(board.shmem.interrupt, 0u);
  EXPECT_EQ(board.gic_version, 0u);
}

TEST_F(BoardTree, TakesTheConsoleThatTheTreeChooses) {
  const Board board = read([&] {
    tree.node("chosen", [&] {
      tree.text("bootargs", "name=left");
      tree.text("stdout-path", "serial0:115200n8");
    });
    tree.node("aliases", [&] { tree.text("serial0", "/uart@2000"); });
    device("uart@1000", "arm,pl011", 0x1000);
    device("uart@2000", "arm,pl011", 0x2000, {0, 5, 4});
    gic_v3();
  });
  EXPECT_STREQ(board.arguments, "name=left");
  EXPECT_EQ(board.console.registers.address, 0x2000u);
  EXPECT_EQ(board.console.interrupt, 37u);
  EXPECT_EQ(board.serials.count, 2u);
}

TEST_F(BoardTree, TakesTheFirstConsoleWhereTheTreeChoosesNone) {
  const Board board = read([&] {
    device("uart@1000", "arm,pl011", 0x1000);
    device("uart@2000", "arm,pl011", 0x2000);
  });
  EXPECT_EQ(board.console.registers.address, 0x1000u);
}

TEST_F(BoardTree, LeavesOutWhatIsDisabled) {
  const Board board = read([&] {
    tree.node("virtio@1000", [&] {
      tree.text("compatible", "virtio,mmio");
      tree.text("status", "disabled");
      tree.cells("reg", {0, 0x1000, 0, 0x200});
    });
    device("virtio@2000", "virtio,mmio", 0x2000);
  });
  ASSERT_EQ(board.virtio.count, 1u);
  EXPECT_EQ(board.virtio.items[0].registers.address, 0x2000u);
}

TEST_F(BoardTree, FindsMemoryProcessorsAndTheWayToPowerThemOff) {
  const Board board = read([&] {
    tree.node("memory@80000000", [&] {
      tree.text("device_type", "memory");
      tree.cells("reg", {0, 0x80000000, 0, 0x10000000, 1, 0, 0, 0x20000000});
    });
    tree.node("psci", [&] {
      tree.text("compatible", std::string("arm,psci-1.0\0arm,psci-0.2", 25));
      tree.text("method", "smc");
    });
    tree.node("cpus", [&] {
      tree.cells("#address-cells", {1});
      tree.cells("#size-cells", {0});
      tree.node("cpu@0", [&] {
        tree.text("device_type", "cpu");
        tree.cells("reg", {0});
      });
      tree.node("cpu@101", [&] {
        tree.text("device_type", "cpu");
        tree.cells("reg", {0x101});
      });
    });
  });
  ASSERT_EQ(board.memory.count, 2u);
  EXPECT_EQ(board.memory.items[1].address, 0x100000000u);
  EXPECT_EQ(board.psci, Conduit::smc);
  ASSERT_EQ(board.processors.count, 2u);
  EXPECT_EQ(board.processors.items[1], 0x101u);
}

}  // namespace
