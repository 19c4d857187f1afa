// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What users add to a board's device tree. The tree itself is in tests/golden/plan/*.dts.
#include "qvm/plan/device_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/run_program.h"

namespace qvm::plan {
namespace {

using testing::HasSubstr;
using testing::Not;

Board small_board() {
  Board board;
  board.cpu = "arm,cortex-a57";
  board.memory = {{0x80000000, 0x4000000}};
  board.nodes.push_back({"gic",
                         "gic",
                         {.compatible = {"arm,gic-v3"},
                          .ranges = {{0x2f000000, 0x10000}, {0x2f100000, 0x20000}},
                          .controller = vdevs::DeviceNode::Controller{}}});
  board.nodes.push_back(
      {"shmem", "mailbox", {.compatible = {"qvm,guest_shm"}, .ranges = {{0x1c050000, 0x1000}}, .line = 38}});
  return board;
}

class DeviceTree : public testing::Test {
 protected:
  void SetUp() override {
    if (!test::program_exists("dtc")) GTEST_SKIP() << "dtc (device-tree-compiler) is not installed";
    auto tree = build_device_tree(small_board());
    ASSERT_TRUE(tree) << tree.error().message();
    x_tree = *tree;
  }

  static std::string compile(const std::string& source) {
    return test::run_program({"dtc", "-q", "-@", "-I", "dts", "-O", "dtb"}, "/dts-v1/;\n" + source).output;
  }
  static std::string decompile(const std::string& tree) {
    return test::run_program({"dtc", "-q", "-I", "dtb", "-O", "dts"}, tree).output;
  }
  // The merged tree as source; the failure's words if there is one.
  std::string merged(const std::string& source) const {
    const auto result = merge_device_tree(x_tree, compile(source));
    return result ? decompile(*result) : result.error().message();
  }

  std::string x_tree;
};

TEST_F(DeviceTree, OverlayReachesAVdevByItsName) {
  const std::string text = merged("/plugin/; &mailbox { customer,channel = <7>; };");
  EXPECT_THAT(text, HasSubstr("customer,channel = <0x07>"));
  EXPECT_LT(text.find("shmem@1c050000"), text.find("customer,channel"));
}

TEST_F(DeviceTree, OverlayReachesAPath) {
  const std::string text = merged(
      "/plugin/; / { fragment@0 { target-path = \"/\"; __overlay__ { panel { compatible = \"a,b\"; }; }; }; "
      "};");
  EXPECT_THAT(text, HasSubstr("panel {"));
}

TEST_F(DeviceTree, OverlayOfSomethingUnknownSaysSo) {
  EXPECT_THAT(merged("/plugin/; &nobody { a; };"), HasSubstr("libfdt says FDT_ERR_"));
}

TEST_F(DeviceTree, WholeTreeIsMerged) {
  const std::string text =
      merged("/ { model = \"other\"; board-id = <3>; leds { compatible = \"gpio-leds\"; }; };");
  EXPECT_THAT(text, HasSubstr("board-id = <0x03>"));
  EXPECT_THAT(text, HasSubstr("leds {"));
  EXPECT_THAT(text, HasSubstr("model = \"qvm\"")) << "what the machine is, it says itself";
}

TEST_F(DeviceTree, ReferenceStandsForTheVdev) {
  const std::string text = merged(R"(
    / { mail: channel { qvm,vdev = "mailbox"; customer,channel = <7>; compatible = "not,this"; };
        user { link = <&mail>; }; };)");
  EXPECT_THAT(text, Not(HasSubstr("channel {")));
  EXPECT_THAT(text, HasSubstr("customer,channel = <0x07>"));
  EXPECT_THAT(text, HasSubstr("compatible = \"qvm,guest_shm\""));
  EXPECT_THAT(text, Not(HasSubstr("not,this")));
  // The reference leads to the vdev's node.
  EXPECT_THAT(text, HasSubstr("link = <0x01>"));
  const auto vdev = text.find("shmem@1c050000 {");
  EXPECT_NE(text.find("phandle = <0x01>", vdev), std::string::npos);
}

TEST_F(DeviceTree, ReferenceToTheControllerKeepsItTheParent) {
  const std::string text =
      merged("/ { pic: controller { qvm,vdev = \"gic\"; }; user { interrupt-parent = <&pic>; }; };");
  EXPECT_THAT(text, HasSubstr("interrupt-parent = <0x01>;\n\n\tuser"));
}

TEST_F(DeviceTree, ReferenceToNobodySaysSo) {
  EXPECT_THAT(merged("/ { a { qvm,vdev = \"nobody\"; }; };"), HasSubstr("FDT_ERR_NOTFOUND"));
}

TEST_F(DeviceTree, RubbishIsRefused) {
  for (const std::string& rubbish :
       {std::string(), std::string("text"), x_tree.substr(0, x_tree.size() / 2)}) {
    const auto result = merge_device_tree(x_tree, rubbish);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().message(), "it is not a device tree");
  }
}

TEST_F(DeviceTree, CommandLineOfAnyLengthFitsOrIsRefused) {
  Board board = small_board();
  board.cmdline.assign(100'000, 'x');
  EXPECT_TRUE(build_device_tree(board));
  board.cmdline.assign(kMostTreeBytes, 'x');
  const auto result = build_device_tree(board);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message(), "the device tree would have more than 2031616 bytes");
}

}  // namespace
}  // namespace qvm::plan
