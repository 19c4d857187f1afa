// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "guests/baremetal/device_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/flat_tree.h"

namespace {

using guest::AddressRange;
using guest::DeviceTree;
using guest::TreeNode;
using qvm::test::FlatTree;
using testing::ElementsAre;

using Blob = std::vector<std::uint8_t>;

Blob small_tree() {
  FlatTree tree;
  tree.node("", [&] {
    tree.cells("#address-cells", {2});
    tree.cells("#size-cells", {2});
    tree.node("memory@80000000", [&] { tree.cells("reg", {0, 0x80000000, 1, 0x20000000}); });
    tree.node("bus@10000000", [&] {
      tree.cells("#address-cells", {1});
      tree.cells("#size-cells", {1});
      tree.cells("ranges", {0x1000, 0, 0x10000000, 0x1000, 0x8000, 2, 0x20000000, 0x1000});
      tree.node("near@1000", [&] { tree.cells("reg", {0x1000, 0x100, 0x8800, 0x800}); });
      tree.node("far@2000", [&] { tree.cells("reg", {0x2000, 0x100}); });
      tree.node("long@1800", [&] { tree.cells("reg", {0x1800, 0x900}); });
    });
    tree.node("closed", [&] { tree.node("inside@0", [&] { tree.cells("reg", {0, 0, 0}); }); });
    tree.node("texts", [&] {
      tree.text("compatible", std::string("first,one\0second,one", 20));
      tree.text("status", "disabled");
    });
  });
  return tree.finish();
}

TreeNode node_at(const DeviceTree& tree, const char* path) {
  TreeNode node;
  EXPECT_TRUE(tree.find(path, &node)) << path;
  return node;
}

class SmallTree : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(tree.open(blob.data(), blob.size())); }

  Blob blob = small_tree();
  DeviceTree tree;
};

TEST_F(SmallTree, IsWalkedInOrder) {
  std::vector<std::string> names;
  for (TreeNode node = tree.root(); node.next();)
    names.push_back(std::to_string(node.depth()) + " " + node.name());
  EXPECT_THAT(names, ElementsAre("1 memory@80000000", "1 bus@10000000", "2 near@1000", "2 far@2000",
                                 "2 long@1800", "1 closed", "2 inside@0", "1 texts"));
}

TEST_F(SmallTree, FindsNodesByTheirWholePath) {
  EXPECT_STREQ(node_at(tree, "/bus@10000000/far@2000").name(), "far@2000");
  EXPECT_EQ(node_at(tree, "/").depth(), 0u);
  TreeNode node;
  EXPECT_FALSE(tree.find("/bus@10000000/far", &node));
  EXPECT_FALSE(tree.find("/memory@80000000/far@2000", &node));
  EXPECT_FALSE(tree.find("/far@2000", &node));
}

TEST_F(SmallTree, ReadsAddressesOfTwoCells) {
  AddressRange range;
  ASSERT_TRUE(node_at(tree, "/memory@80000000").registers(0, &range));
  EXPECT_EQ(range.address, 0x80000000u);
  EXPECT_EQ(range.size, 0x120000000u);
  EXPECT_FALSE(node_at(tree, "/memory@80000000").registers(1, &range));
}

TEST_F(SmallTree, TranslatesThroughTheRangesOfABus) {
  AddressRange range;
  ASSERT_TRUE(node_at(tree, "/bus@10000000/near@1000").registers(0, &range));
  EXPECT_EQ(range.address, 0x10000000u);
  ASSERT_TRUE(node_at(tree, "/bus@10000000/near@1000").registers(1, &range));
  EXPECT_EQ(range.address, 0x220000800u);
}

TEST_F(SmallTree, HasNoAddressWhereABusLetsNothingThrough) {
  AddressRange range;
  EXPECT_FALSE(node_at(tree, "/bus@10000000/far@2000").registers(0, &range));
  EXPECT_FALSE(node_at(tree, "/bus@10000000/long@1800").registers(0, &range));
  EXPECT_FALSE(node_at(tree, "/closed/inside@0").registers(0, &range));
}

TEST_F(SmallTree, ComparesWholeTexts) {
  const TreeNode texts = node_at(tree, "/texts");
  EXPECT_TRUE(texts.is_compatible("first,one"));
  EXPECT_TRUE(texts.is_compatible("second,one"));
  EXPECT_FALSE(texts.is_compatible("second"));
  EXPECT_FALSE(texts.is_compatible("second,one,more"));
  EXPECT_FALSE(texts.is_enabled());
  EXPECT_TRUE(node_at(tree, "/closed").is_enabled());
}

TEST_F(SmallTree, HasNoTextBehindTheLastNul) {
  const guest::TreeProperty compatible = node_at(tree, "/texts").property("compatible");
  EXPECT_STREQ(compatible.text(1), "second,one");
  EXPECT_EQ(compatible.text(2), nullptr);
  const Blob open_end = {'o', 'p', 'e', 'n'};
  EXPECT_EQ((guest::TreeProperty{.bytes = open_end.data(), .size = 4}).text(), nullptr);
}

TEST_F(SmallTree, ReadsCellsBehindTheEndAsZero) {
  const guest::TreeProperty cells = node_at(tree, "/").property("#address-cells");
  EXPECT_EQ(cells.cell(0), 2u);
  EXPECT_EQ(cells.cell(1), 0u);
  EXPECT_EQ(cells.number(0, 2), std::uint64_t{2} << 32);
}

// Every blob is exactly as long as it is said to be, so that a sanitizer sees a read behind it.
TEST(DeviceTreeBlob, IsRefusedWhenItIsCutOffAnywhere) {
  const Blob whole = small_tree();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Blob cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    DeviceTree tree;
    EXPECT_FALSE(tree.open(cut.data(), cut.size())) << size;
  }
}

std::size_t count_all(const DeviceTree& tree) {
  std::size_t count = 0;
  AddressRange range;
  for (TreeNode node = tree.root(); node.next(); ++count) {
    for (unsigned i = 0; node.registers(i, &range); ++i) ++count;
    if (node.is_compatible("first,one")) ++count;
  }
  return count;
}

TEST(DeviceTreeBlob, IsReadWithinItsBoundsWhateverIsInIt) {
  const Blob whole = small_tree();
  std::size_t refused = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const int value : {0x00, 0x01, 0x02, 0x03, 0x04, 0x09, 0x7f, 0xff}) {
      Blob changed = whole;
      changed[at] = static_cast<std::uint8_t>(value);
      DeviceTree tree;
      if (tree.open(changed.data(), changed.size())) {
        EXPECT_LT(count_all(tree), changed.size()) << at;
      } else {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 0u);
}

TEST(DeviceTreeBlob, IsRefusedWhenItsNodesAreTooDeep) {
  const auto nested = [](unsigned depth) {
    FlatTree tree;
    std::function<void(unsigned)> below = [&](unsigned left) {
      if (left > 0) tree.node("n", [&] { below(left - 1); });
    };
    tree.node("", [&] { below(depth); });
    return tree.finish();
  };
  const Blob deepest = nested(DeviceTree::kMaxDepth);
  const Blob too_deep = nested(DeviceTree::kMaxDepth + 1);
  DeviceTree tree;
  EXPECT_TRUE(tree.open(deepest.data(), deepest.size()));
  EXPECT_FALSE(tree.open(too_deep.data(), too_deep.size()));
}

TEST(DeviceTreeBlob, SaysItsLength) {
  const Blob blob = small_tree();
  EXPECT_EQ(DeviceTree::size_of(blob.data()), blob.size());
  const Blob none(DeviceTree::kHeaderBytes);
  EXPECT_EQ(DeviceTree::size_of(none.data()), 0u);
}

}  // namespace
