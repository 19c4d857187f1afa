// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The values that only some devices and `pass` have.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/config_text.h"

namespace qvm::config {
namespace {

using test::load_text;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

// The findings about values only.
std::vector<std::string> value_findings(const std::string& text) {
  const LoadedSystem system = load_text("ram 64M " + text);
  std::vector<std::string> result;
  for (const Diagnostic& one : system.diagnostics.all()) {
    if (one.rule == "A20" || one.rule == "A07") result.push_back(one.message);
  }
  return result;
}

TEST(Values, OfEachDeviceAreUnderstood) {
  EXPECT_THAT(value_findings("vdev virtio-net peer /dev/vdevpeers/vp0 mac aA:bb:0c:01:02:03 peerfeats 0x7fc3 "
                             "vdev virtio-blk hostdev </dev/hd0 delayed forever dio disable sched 10r "
                             "vdev virtio-input screen touch size 640,480 offset -10,+20 options -0x10 "
                             "vdev gic msi 0x30000000,0x50,0x100 its-prealloc 5 num-lpis 8192 "
                             "vdev gic its-prealloc 5,0x20 vdev mc146818 reg 0x0b,0x02 "
                             "vdev pci-dummy reg 0/4=0xFFFF reg Class_Code[1]=6 clone pci:8086/1c20/1 "
                             "vdev wdt-sp805 action dump,terminate delayed 5"),
              IsEmpty());
}

struct BadValue {
  const char* text;
  const char* finding;
};

class BadValues : public testing::TestWithParam<BadValue> {};

TEST_P(BadValues, AreReported) {
  EXPECT_THAT(value_findings(GetParam().text), ElementsAre(GetParam().finding));
}

INSTANTIATE_TEST_SUITE_P(
    Of, BadValues,
    testing::Values(
        BadValue{"vdev virtio-net mac aa:bb:cc:dd:ee", "'aa:bb:cc:dd:ee' is not a hardware address"},
        BadValue{"vdev virtio-net mac aa:bb:cc:dd:ee:f", "'aa:bb:cc:dd:ee:f' is not a hardware address"},
        BadValue{"vdev virtio-net mac aa:bb:cc:dd:ee:fg", "'aa:bb:cc:dd:ee:fg' is not a hardware address"},
        BadValue{"vdev virtio-blk delayed never", "'never' is not a number"},
        BadValue{"vdev virtio-blk sched 0", "'0' is less than 1"},
        BadValue{"vdev virtio-blk sched 256f", "'256' is more than 255"},
        BadValue{"vdev virtio-blk sched r", "'r' is not a number"},
        BadValue{"vdev virtio-blk hostdev <", "no path is named"},
        BadValue{"vdev virtio-input size 640", "'640' has 1 part"},
        BadValue{"vdev virtio-input size 640,480,24", "'640,480,24' has 3 parts"},
        BadValue{"vdev virtio-input size 640,-480", "'-480' is not a number"},
        BadValue{"vdev virtio-input offset 1,+", "'1,+' has an empty part"},
        BadValue{"vdev gic num-lpis 8191", "'8191' is less than 8192"},
        BadValue{"vdev gic msi 30000000,0x50,16", "address '30000000' without a prefix is hexadecimal"},
        BadValue{"vdev gic msi 0x30000000,0x50,0", "'0' is less than 1"},
        BadValue{"vdev mc146818 reg 0x0b,256", "'256' is more than 255"},
        BadValue{"vdev pci-dummy reg 0/4", "'0/4' gives no value"},
        BadValue{"vdev pci-dummy reg 0/3=1", "a register cannot have 3 bytes"},
        BadValue{"vdev pci-dummy reg 4096/1=1", "'4096' is more than 4095"},
        BadValue{"vdev pci-dummy reg VendorID=1", "'VendorID' is no register"},
        BadValue{"pass loc 0x1000,0x1000,rq", "'q' is no flag"},
        BadValue{"pass loc 0x1000,0x1000,rw,rw=0x1", "'rw' is one part too many"},
        BadValue{"pass loc 0x1000,0", "the length is 0"},
        BadValue{"pass loc 0x1000,0x1000,rw=", "'0x1000,0x1000,rw=' has an empty part"},
        BadValue{"pass loc 0x1000,0x1000,rw=0xffffffffffffffff", "the range ends beyond 64 bits"},
        BadValue{"pass loc pci:x=pci:0:4", "'x' is not a PCI position"},
        BadValue{"pass intr gic", "'gic' names no interrupt line"},
        BadValue{"pass intr gic:44,x=150", "'x' is no flag"},
        BadValue{"pass intr gic:44=abc", "'abc' is not a number"}));

TEST(PassedResources, AreInTheModel) {
  const auto system = load_text(
      "ram 64M data pass loc mem:0x30000000,0x1000,rwn=0x40000000 loc io:3f8,8 loc 0x2000,r,=0x3000 "
      "intr gic:44,u=150 pass loc pci:0:4.1=pci:8086/1c20 loc pci:8086/1c21 intr gic:45");
  const VmConfig& vm = system.vms[0];
  ASSERT_EQ(vm.passes.size(), 2U);
  EXPECT_EQ(vm.passes[0].blob, Load::Blob::data);
  ASSERT_EQ(vm.passes[0].locations.size(), 3U);
  const PassedLocation& first = vm.passes[0].locations[0].value;
  EXPECT_EQ(first.guest.address, 0x30000000U);
  EXPECT_EQ(first.guest.length, 0x1000U);
  EXPECT_EQ(first.flags, "rwn");
  EXPECT_EQ(first.host, 0x40000000U);
  EXPECT_EQ(vm.passes[0].locations[1].value.guest.space, Location::Space::io);
  const PassedLocation& without_length = vm.passes[0].locations[2].value;
  EXPECT_FALSE(without_length.guest.length);
  EXPECT_EQ(without_length.flags, "r");
  EXPECT_EQ(without_length.host, 0x3000U);
  ASSERT_EQ(vm.passes[0].interrupts.size(), 1U);
  EXPECT_EQ(vm.passes[0].interrupts[0].value.guest.line, 44U);
  EXPECT_EQ(vm.passes[0].interrupts[0].value.flags, "u");
  EXPECT_EQ(vm.passes[0].interrupts[0].value.vector, 150U);
  EXPECT_EQ(vm.passes[1].locations[0].value.guest.pci, "0:4.1");
  EXPECT_EQ(vm.passes[1].locations[0].value.host_pci, "8086/1c20");
  EXPECT_EQ(vm.passes[1].locations[1].value.guest.pci, "");
  EXPECT_EQ(vm.passes[1].locations[1].value.host_pci, "8086/1c21");
}

TEST(OtherNames, AreTheSameOption) {
  const auto system = load_text(
      "ram 64M vdev ioapic loc 0xf8000000 vdev hpet intrmap ioapic:2,ioapic:8 vdev gic gicd 0x2c000000");
  const VmConfig& vm = system.vms[0];
  ASSERT_EQ(vm.vdevs[1].interrupts.size(), 2U);
  EXPECT_EQ(vm.vdevs[1].options[0].name, "intr");
  EXPECT_EQ(vm.vdevs[2].location->value.address, 0x2c000000U);
}

TEST(UnknownVdevs, AreNotTheOnesWithUnknownOptions) {
  const auto system = load_text("ram 64M vdev virtio-gpu scanout-width 640 gl on vdev pl011 gl on");
  EXPECT_THAT(test::messages(system), Contains("A01 unknown option 'gl' in vdev 'pl011'"));
  EXPECT_THAT(test::messages(system), testing::Not(Contains("A01 unknown option 'gl' in vdev 'virtio-gpu'")));
}

TEST(WhatThisBuildCannotDo, IsInTheModel) {
  const auto system = load_text(
      "ram 64M user 70001 safety warn safety required pass loc 0x1000,0x1000 loc pci:8086/10d3 intr "
      "ioapic:9");
  ASSERT_EQ(system.vms[0].unsupported.size(), 4U);
  EXPECT_EQ(system.vms[0].unsupported[0].what, "user");
  EXPECT_EQ(system.vms[0].unsupported[1].what, "safety required");
  EXPECT_EQ(system.vms[0].unsupported[2].what, "pass loc");
  EXPECT_EQ(system.vms[0].unsupported[3].what, "pass intr");
}

}  // namespace
}  // namespace qvm::config
