// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/model/codec.h"

#include <gtest/gtest.h>

#include "qvm/base/hex.h"

namespace qvm::regions {
namespace {

VmPolicy full_policy() {
  VmPolicy policy;
  policy.vm = "left";
  policy.uid = 5;
  policy.gid = 6;
  policy.groups = {7, 8};
  policy.connections_per_region = 9;
  policy.connections = 10;
  policy.bytes = 1ULL << 40;
  policy.regions = 11;
  policy.limits_place = "s.yaml:1:1";
  policy.system = {"/s.yaml", 12, 13, 14, "s.yaml:2:1"};
  VdevPolicy vdev;
  vdev.vdev = "shmem0";
  vdev.rules = {{true, "a*", "f:1:2"}, {false, "b", ""}};
  vdev.substitutions = {{"m", "p", "f:2:2"}};
  vdev.creates = {{"moo", 4096, 0640, 12, "f:3:3"}, {"x", 1, 0666, std::nullopt, ""}};
  vdev.umask = 022;
  vdev.gid = 44;
  policy.vdevs = {vdev, VdevPolicy{}};
  return policy;
}

TEST(RegionCodec, PolicyComesBack) {
  const auto decoded = decode_policy(encode(full_policy()));
  ASSERT_TRUE(decoded);
  EXPECT_TRUE(*decoded == full_policy());
}

// The journal of an earlier qvm-regiond is read, and the admin socket is spoken by other releases.
TEST(RegionCodec, PoliciesAndRegionsKeepTheirBytes) {
  const RegionSpec region{"moo", 5, 0640, 6, 7, {HugePages::require, true}, "f:4:4", {"/s", 1, 2, 3, "p"}};
  EXPECT_EQ(to_hex(encode(region)),
            "030000006d6f6f0500000000000000a00100000600000007000000020105000000663a343a34020000002f7301000000"
            "0000000002000000030000000100000070");
  EXPECT_EQ(to_hex(encode(full_policy())),
            "040000006c6566740500000006000000020000000700000008000000020000000600000073686d656d30020000000102"
            "000000612a05000000663a313a320001000000620000000001000000010000006d010000007005000000663a323a3202"
            "000000030000006d6f6f0010000000000000a0010000010c00000005000000663a333a33010000007801000000000000"
            "00b6010000000000000012000000012c000000000000000000000000000000000000000000000000090000000a000000"
            "00000000000100000b0000000a000000732e79616d6c3a313a31070000002f732e79616d6c0c000000000000000d0000"
            "000e0000000a000000732e79616d6c3a323a31");
}

TEST(RegionCodec, EveryKindOfEventComesBack) {
  RegionCreated created{
      .id = 3, .name = "moo", .pages = 4, .mode = 0640, .owner = 1, .group = 2, .payer = "vm:a"};
  created.system = "/s.yaml";
  created.place = "s.yaml:3:3";
  created.backing = {HugePages::advise, true};
  created.generation[15] = 77;
  const Events events = {IdsUsed{9},
                         VmAdded{1, full_policy()},
                         VmRemoved{1},
                         created,
                         RegionDestroyed{3},
                         RegionHeld{3, 1},
                         RegionReleased{3, 1},
                         SessionOpened{4, Principal{1, "left", "shmem0", {5, 6, {7}}}, 99, 100},
                         SessionClosed{4},
                         Attached{5, 4, 3, 15, 77, false, "moo", 1234},
                         Detached{5, 3, 15, 77}};
  ASSERT_EQ(events.size(), std::variant_size_v<Event>);
  for (const Event& event : events) {
    const auto decoded = decode_event(encode(event));
    ASSERT_TRUE(decoded) << event.index();
    EXPECT_EQ(decoded->index(), event.index());
    EXPECT_EQ(encode(*decoded), encode(event));
  }
}

TEST(RegionCodec, RegionsAndQuestionsComeBack) {
  const RegionSpec spec{"moo", 5, 0640, 6, 7, {HugePages::require, true}, "s.yaml:4:4", {"/s", 1, 2, 3, "p"}};
  const auto region = decode_region(encode(spec));
  ASSERT_TRUE(region);
  EXPECT_TRUE(*region == spec);
  const ExplainRequest question{"left", "shmem0", {1, 2, {3}}, "moo", 9};
  const auto decoded = decode_explain_request(encode(question));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->identity, question.identity);
  EXPECT_EQ(encode(*decoded), encode(question));
  std::string odd = encode(spec);
  odd[odd.find("moo") + 3 + 8 + 4 + 4 + 4] = 3;
  EXPECT_FALSE(decode_region(odd)) << "no such use of huge pages";
}

TEST(RegionCodec, NoPrefixAndNoExtensionIsAPolicy) {
  const std::string bytes = encode(full_policy());
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_policy(bytes.substr(0, size))) << size;
  EXPECT_FALSE(decode_policy(bytes + '\0'));
}

TEST(RegionCodec, AHugeCountIsRefusedWithoutAllocating) {
  Writer out;
  out.text("left");
  out.number(std::uint32_t{0});
  out.number(std::uint32_t{0});
  out.number(std::uint32_t{0xffffffff});
  EXPECT_FALSE(decode_policy(out.take()));
}

TEST(RegionCodec, EveryFlippedByteIsHandled) {
  const std::string bytes = encode(Event(VmAdded{1, full_policy()}));
  unsigned readable = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 0xff);
    if (const auto decoded = decode_event(changed)) {
      ++readable;
      EXPECT_EQ(encode(*decoded), changed);
    }
  }
  EXPECT_GT(readable, 0U);
}

}  // namespace
}  // namespace qvm::regions
