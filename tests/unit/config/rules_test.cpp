// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/rules/rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <regex>
#include <set>

#include "tests/support/config_text.h"

namespace qvm::config {
namespace {

using test::load_text;
using test::load_texts;
using test::messages;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

// A file whose rule is not among them was not linked in, or its name says another id.
TEST(Rules, AreThoseOfTheFiles) {
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(QVM_SOURCE_DIR "/config/rules")) {
    static const std::regex of_rule("([a-z])([0-9]+[a-z]?)_.*\\.cpp");
    std::smatch parts;
    const std::string name = entry.path().filename();
    if (std::regex_match(name, parts, of_rule))
      files.insert(std::string(1, static_cast<char>(std::toupper(parts.str(1)[0]))) + parts.str(2));
  }
  std::set<std::string> rules;
  for (const Rule* rule : all_rules()) rules.emplace(rule->id);
  EXPECT_EQ(rules, files);
}

TEST(Rules, AreSortedAndUnique) {
  std::vector<std::string_view> ids;
  for (const Rule* rule : all_rules()) ids.push_back(rule->id);
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
  EXPECT_EQ(std::set(ids.begin(), ids.end()).size(), ids.size());
  EXPECT_EQ(find_rule("Z99"), nullptr);
}

// One rule, the marked ranges and nothing else of that rule.
struct Marked {
  const char* rule;
  const char* text;
};

class RuleRanges : public testing::TestWithParam<Marked> {};

TEST_P(RuleRanges, AreTheWordsToBlame) {
  const test::MarkedText input(GetParam().text);
  const LoadedSystem system = load_text(input.text);
  EXPECT_EQ(test::ranges_of(system, GetParam().rule), input.ranges)
      << testing::PrintToString(messages(system));
}

INSTANTIATE_TEST_SUITE_P(
    Words, RuleRanges,
    testing::Values(
        Marked{"A01", "ram 64M vdev ser8250 [[create]] x,4K\nvdev [[shmen]] loc 0x1000 foo"},
        Marked{"A01", "ram 64M [[loc]] 0x1000 [[frobnicate]] 1 2 3 cpu [[xyzzy]]"},
        Marked{"A01", "ram 64M vdev shmem loc 0x1c050000, [[0x1000]]"},
        Marked{"A02", "ram 64M [[initrd]] cpu [[rom]]"}, Marked{"A02", "[[system]]"},
        Marked{
            "A03",
            "system [[name=left]] ram [[addr=0x0,size=64M]] vdev ser8250 [[interrupt=4]] loc [[port=0x3f8]]"},
        Marked{"A03", "ram [[addr=0x0]] [[size=64M]]"}, Marked{"A03", "ram 64M cpu [[count=2]]"},
        Marked{"A04", "ram 64M cmdline [[\"]]abc"}, Marked{"A05", "ram 64M cmdline [[a=1 b=2 # no\n c]] cpu"},
        Marked{"A06", "ram 64M [[system]] left [[system]] right"},
        Marked{"A06", "system left ram 64M [[system]] left"},
        Marked{"A07", "ram 0x0,[[c0000]] rom [[10000000]],64K"}, Marked{"A17", "ram 64M cpu [[4]]"},
        Marked{"A10", "cpu\nram 64M\n  [[sched]] 8\nvdev ser8250\n  log error stderr"},
        Marked{"A15", "ram 64M cmdline [[\u201c]]quiet[[\u201d]]"},
        Marked{"A16", "ram [[512M,0x80000000]] ram 4G,0x80000000"},
        Marked{"A18",
               "ram 64M pass [[0xfe000000,0x1000,rw]] pass [[pci:0x8086/0x10d3]] pass [[0x1,0x2,0x3]]"},
        Marked{"A19", "ram 64M vdev [[blk]] hostdev x vdev [[uart]] vdev acme"},
        Marked{"A23",
               "ram 64M pass [[loc]] 0x1,0x1 loc pci:1/1 generate safety [[required]] vdev [[smmu]] loc "
               "0x1c090000 intr "
               "gic:37"},
        Marked{"B01", "load [[guest.elf]] ram 64M"},
        Marked{"B01", "ram 64M data load [[0x3fff000,guest.bin]]"},
        Marked{"B01", "ram 64M load 0x3fff000,guest.elf data load [[guest.bin]]"},
        Marked{"B01", "ram 0x0,0x1000 ram 0x1000,0x1000 data load 0x0,guest.elf"},
        Marked{"B03", "ram [[0x800,64M]] rom 0x8000000,0x1000"},
        Marked{"B02", "ram 0x0,64M pass loc [[0x1000,0x1000,rw]] vdev ser8250 pass loc [[io:0x3ff,1]]"},
        Marked{"B02", "ram 0x2f000000,1M vdev [[gic]] gicr [[0x2f0f0000]] cpu cpu"},
        // The distributor of version 2 is a page.
        Marked{"B02",
               "ram 64M vdev gic loc 0x2c001000 gicc 0x2c002000 vdev pl011 loc [[0x2c003000]] intr gic:37"},
        Marked{"B09",
               "ram 64M load guest.elf cmdline \"quiet [[console=ttyS1,115200]] console=tty0 "
               "[[root=/dev/vdb]]\" vdev "
               "ser8250 vdev virtio-blk hostdev disk.img"},
        Marked{"B09", "ram 64M load guest.elf cmdline [[root=/dev/sda1]]"},
        Marked{"B09",
               "ram 64M load guest.elf cmdline \"console=ttyS1 [[console=ttyS2]]\" vdev ser8250 loc 0x2f8"},
        Marked{"B09",
               "ram 64M load guest.elf cmdline [[earlycon=pl011,0x1c0a0000]] vdev pl011 loc 0x1c090000 intr "
               "gic:37"},
        Marked{"B10",
               "ram 64M load guest.elf load [[bzImage]] initrd load guest.bin initrd load [[disk.img]]"},
        Marked{"B12",
               "ram 64M load 0x100000,disk.img data load [[0xff000,guest.bin]] load 0x200000,guest.elf"},
        Marked{"B12", "ram 64M load 0x100000,Image initrd load [[0x200000,guest.bin]]"},
        Marked{"B13", "ram 64M load [[arm.elf]] load guest.elf vdev 8259 loc 0x20"},
        Marked{"B14", "ram 64M fdt load [[Image]] initrd load [[guest.dtb]] initrd load guest.bin"},
        Marked{"C01", "ram 64M cpu cpu cmdline \"[[maxcpus=3]] isolcpus=1 [[nohz_full=1-2]] rcu_nocbs=1-N\""},
        Marked{"C02", "ram 64M cpu runmask 2 cpu cluster [[_cpu-2]] cpu runmask 2,3"},
        Marked{"C03", "ram 64M cpu runmask 1,2,[[1]]"},
        Marked{"C05",
               "ram 64M cpu sched [[0]] cpu sched [[99r]] cpu sched [[8x]] cpu sched [[8,10]] cpu sched "
               "10,8,5,1,1s"},
        Marked{"C05", "ram 64M cpu sched 10 vdev ser8250 sched [[10]] vdev ser8250 loc 0x2f8 sched 11"},
        Marked{"C05", "ram 64M cpu sched 8,[[10]],5,1,1s"},
        Marked{"B07", "ram 64M load [[missing]] data load [[0x0,empty.bin]]"},
        Marked{"D01",
               "ram 64M vdev ser8250 intr [[pic:4]] vdev ioapic loc 0xf8000000 name pic vdev hpet intr "
               "pic:0,[[pic:24]],[[pik:8]] reserve intr [[x:1]]"},
        Marked{"D03",
               "ram 64M vdev ioapic loc 0xf8000000 vdev hpet intr ioapic:2,[[ioapic:2]],ioapic:0 vdev "
               "timer8254 intr ioapic:0 vdev ser8250 intr [[ioapic:2]]"},
        Marked{"D04", "ram 64M vdev shmem loc [[0x1c050000]] vdev shmem intr [[ioapic:4]]"},
        Marked{"D05",
               "ram 64M vdev gic name pic pass intr [[pic:5]] vdev pl011 loc 0x1c090000 intr [[pic:1020]] "
               "reserve intr pic:32"},
        Marked{"D05",
               "ram 64M vdev gic version 2 msi 0x2c1c0000,0x50,0x10 vdev pl011 loc 0x1c090000 intr "
               "[[gic:95]] pass intr gic:96"},
        Marked{"D06",
               "ram 64M vdev 8259 loc 0x20 name master vdev ser8250 intr [[master:4]] vdev ioapic loc "
               "0xf8000000 intr [[master]]"},
        Marked{"D07",
               "ram 64M load guest.ifs vdev ioapic loc 0xf8000000 vdev hpet intr [[ioapic:0]],ioapic:8 vdev "
               "[[hpet]] loc 0xfed01000"},
        Marked{"D08", "ram 64M vdev gic gicr 0x2f100000 msi [[0x2c1c0000,0x50,0x10]] gicc [[0x2c000000]]"},
        Marked{"D08",
               "ram 64M vdev gic version 2 its [[0x2f020000]] num-lpis 100 vdev gic name b version [[4]]"},
        Marked{"E01", "ram 64M vdev [[8259]] vdev ser8250"},
        Marked{"E05",
               "ram 64M vdev ioapic loc 0xf8000000 vdev [[ioapic]] loc 0xf8001000 vdev ser8250 name a vdev "
               "mc146818 name [[a]]"},
        Marked{"E03",
               "ram 64M vdev virtio-net peer x mac 2:0:0:0:0:1 vdev virtio-net peer y mac "
               "[[01:00:00:00:00:01]]"},
        Marked{"E04",
               "ram 64M vdev virtio-net name a peer /dev/qvm/one/b peerfeats 3 vdev virtio-net name b peer "
               "/dev/qvm/one/a peerfeats [[1]]"},
        Marked{"E04",
               "ram 64M vdev virtio-net name a peer /dev/qvm/one/b peerfeats [[3]] vdev virtio-net name b "
               "peer /dev/qvm/one/a"},
        Marked{"E06",
               "ram 64M vdev virtio-blk hostdev /dev/hd0t11 vdev virtio-blk hostdev [[/dev/hd0]] vdev "
               "virtio-blk hostdev <[[/dev/hd0t12]]"},
        Marked{"E06", "ram 64M vdev virtio-blk hostdev <disk.img vdev virtio-blk hostdev <disk.img"},
        Marked{"E07",
               "ram 64M vdev virtio-blk hostdev [[shared]] vdev virtio-blk hostdev <[[missing]] vdev ser8250 "
               "hostdev >new hostdev <[[no]]"},
        Marked{"E09",
               "ram 64M vdev ser8250 vdev virtio-console hostdev - vdev virtio-console hostdev <[[-]]"},
        Marked{"E09", "ram 64M vdev [[ser8250]] vdev virtio-console hostdev >-"},
        Marked{"E12",
               "ram 64M vdev shmem loc [[pci:0:0]] vdev shmem loc [[pci:0:3.1]] vdev shmem loc [[pci:0:32]] "
               "pass loc [[pci:1:4=pci:0x1/0x2]]"},
        Marked{"E13", "ram 64M vdev virtio-input screen mouse window 3 [[zorder]] 5 vdev virtio-input"},
        Marked{"E14", "ram 64M vdev virtio-fs host_path [[guest.bin]]"},
        Marked{"E20", "ram 64M vdev virtio-blk hostdev <[[disk.qcow2]] vdev virtio-blk hostdev [[Image.gz]]"},
        Marked{"F01",
               "ram 64M pass loc 0x80000000,0x1000,[[dm]] loc 0x80001000,0x1000,[[rw-w+d]] loc "
               "0x80002000,0x1000,rw"},
        Marked{"F01", "ram 64M vdev smmu pass loc [[0x80000000,0x1000]] loc 0x80002000,0x1000,rwn"},
        Marked{"F02",
               "ram 64M pass loc 0x80000000,0x2000,rw loc [[0x90000000,0x1000,rw=0x80001000]] loc io:0x60,8 "
               "loc [[io:0x64,1]]"},
        Marked{"F03",
               "ram 64M pass loc 0x80000000,0x1000,rwd[[=0x90000000]] loc 0x80001000,0x1000,rwd,=0x80001000"},
        Marked{"F04", "ram 64M pass loc io:0x60,1[[=0x70]] loc pci:0:3,[[0x1000]],[[rw]]=pci:0:4"},
        Marked{"F06",
               "ram 64M vdev ioapic loc 0xf8000000 vdev ioapic loc 0xf8001000 name b pass intr ioapic:3 intr "
               "[[b:3]] intr b:4=90 intr b:5=[[90]]"},
        Marked{"F07",
               "ram 64M reserve loc [[0x1000,0x1000]] loc 0x3fff000,0x2000 vdev ioapic loc 0xf8000000 "
               "reserve intr [[ioapic:4]] vdev ser8250 intr ioapic:4"},
        Marked{"F09", "ram 64M [[pass]] [[reserve]] cpu reserve loc 0x80000000,0x1000"},
        Marked{"F10",
               "ram 64M pass loc 0x80000000,[[0x800]],rw loc [[0x80001800,0x1000,rw]] loc "
               "0x80003000,0x1000,rw[[=0x1]]"},
        Marked{"G01", "ram 64M logger [[fatal,error]] stderr logger verbose slog"},
        Marked{"H05",
               "ram 64M vdev shmem loc [[0x10000000000000]] intr ioapic:1 vdev ioapic loc [[0xfee00800]]"},
        Marked{"E22",
               "ram 64M vdev ser8250 hostdev <a hostdev >a vdev virtio-console hostdev >[[a]] vdev "
               "virtio-console hostdev /dev/null vdev pl011 hostdev /dev/null"},
        Marked{"E10a", "ram 64M vdev shmem allow * deny [[x]] create [[a,1]]"},
        Marked{
            "E10b",
            "ram 64M vdev shmem deny m* create [[moo,4K]] create koo,4K create [[a/b,4K]] create [[x,0]]"}));

TEST(OverlapRule, ComparesMemoryDevicesPortsAndWindows) {
  EXPECT_THAT(
      messages(load_text("ram 0x0,64M vdev ioapic loc 0x3ffff000 vdev shmem loc 0x1000 intr ioapic:5 window "
                         "0x3ff00000,1M vdev ser8250 loc 0x3f8 vdev ser8250 loc 0x3ff")),
      ElementsAre("B02 vdev 'shmem' at 0x1000-0x1fff overlaps ram",
                  "B02 vdev 'shmem' at 0x3ff00000-0x3fffffff overlaps vdev 'ioapic'",
                  "B02 vdev 'ser8250' at ports 0x3ff-0x406 overlaps vdev 'ser8250'"));
}

TEST(OverlapRule, KnowsTheGapBetweenTheKeyboardsPorts) {
  EXPECT_THAT(messages(load_text("ram 64M vdev pckeyboard vdev acme loc io:0x61,1")),
              ElementsAre("A01 unknown vdev type 'acme'"));
  EXPECT_THAT(messages(load_text("ram 64M vdev pckeyboard vdev ser8250 loc 0x64")),
              ElementsAre("B02 vdev 'ser8250' at ports 0x64-0x6b overlaps vdev 'pckeyboard'"));
}

TEST(OverlapRule, DoesNotCompareTwoVms) {
  EXPECT_THAT(messages(load_texts({"system a ram 64M", "system b ram 64M"})), IsEmpty());
}

TEST(ReserveOption, IsNoOverlap) {
  EXPECT_THAT(
      messages(load_text("ram 0,0xa0000 reserve loc 0xa0000,0x20000 rom 0xc0000,0x40000 ram 1m,1023m")),
      IsEmpty());
}

TEST(MemoryRule, ComparesFilesWithMemory) {
  EXPECT_THAT(messages(load_text("ram 4K load guest.elf initrd load guest.bin")),
              ElementsAre("B06 with 'guest.bin' the loaded files take 8192 bytes, the VM has 4096"));
  EXPECT_THAT(messages(load_text("ram 17M load Image initrd load guest.bin")), IsEmpty());
  EXPECT_THAT(messages(load_text("ram 16M load Image initrd load guest.bin")),
              ElementsAre("B06 with 'guest.bin' the loaded files take 16785408 bytes, the VM has 16777216"));
  EXPECT_THAT(messages(load_text("rom 64K")), ElementsAre("B06 VM 'one' has no ram"));
}

TEST(ControllerRule, AcceptsVdevsWithoutATableAsControllers) {
  EXPECT_THAT(messages(load_text("ram 64M vdev acmepic vdev ser8250 intr acmepic:99")),
              ElementsAre("A01 unknown vdev type 'acmepic'"));
}

TEST(RepeatRule, LetsTheCommandLineReplace) {
  test::MemoryReader reader;
  reader.files["vm"] = "ram 64M cmdline a";
  const LoadedSystem system =
      load_vms({{{"@vm", "cmdline", "b"}, "", "", {}}}, test::shipped_tables(), reader);
  EXPECT_THAT(messages(system), IsEmpty());
  EXPECT_EQ(system.vms[0].cmdline->value, "b");
}

TEST(RegionRule, TheFirstMatchDecides) {
  EXPECT_THAT(messages(load_text("ram 64M vdev shmem deny secret create moo,4K")), IsEmpty());
  EXPECT_THAT(messages(load_text("ram 64M vdev shmem allow moo create koo,4K")),
              ElementsAre("E10b region 'koo' is created but forbidden by the same vdev"));
}

TEST(RegionRule, ComparesSizesAcrossVmsUnderTheirHostNames) {
  const LoadedSystem system = load_texts({"system a ram 64M vdev shmem subst ,left_ create moo,4K",
                                          "system b ram 64M vdev shmem create left_moo,8K create moo,64K"});
  EXPECT_THAT(messages(system),
              ElementsAre("E10b region 'left_moo' is created with 8192 bytes here and 4096 elsewhere"));
  EXPECT_THAT(messages(load_texts({"system a ram 64M vdev shmem create m,4096",
                                   "system b ram 64M vdev shmem create m,4095"})),
              ElementsAre("E10a size 4095 of region 'm' is no multiple of 4096"));
}

TEST(UnknownWordRule, ListsNoMoreThanFifty) {
  std::string text = "ram 64M\n";
  for (int i = 0; i < 80; ++i) text += "zzzzzz\n";
  const LoadedSystem system = load_text(text);
  EXPECT_EQ(system.diagnostics.all().size(), 51U);
  EXPECT_EQ(system.diagnostics.all().back().message, "more than 50 unknown options");
}

// Applying a fix removes the finding.
class Fixes : public testing::TestWithParam<Marked> {};

TEST_P(Fixes, RemoveTheFinding) {
  std::string text = GetParam().text;
  const LoadedSystem before = load_text(text);
  const Diagnostic* finding = nullptr;
  for (const Diagnostic& one : before.diagnostics.all()) {
    if (one.rule == GetParam().rule && one.fix) finding = &one;
  }
  ASSERT_NE(finding, nullptr) << testing::PrintToString(messages(before));
  text.replace(finding->fix->where.begin, finding->fix->where.end - finding->fix->where.begin,
               finding->fix->replacement);
  const LoadedSystem after = load_text(text);
  for (const Diagnostic& one : after.diagnostics.all())
    EXPECT_NE(one.rule, GetParam().rule) << text << one.message;
}

INSTANTIATE_TEST_SUITE_P(
    Texts, Fixes,
    testing::Values(Marked{"A01", "ram 64M\nvdev ser8250 lco 0x3f8"}, Marked{"A01", "ram 64M vdev ser825"},
                    Marked{"A01", "ram 64M vdev ser8250 loc 0x3f8, 8"},
                    Marked{"A01", "ram 64M set exit-on-hlt on"}, Marked{"A03", "ram addr=0x0,size=64M"},
                    Marked{"A03", "ram 64M vdev ser8250 loc=0x3f8"}, Marked{"A05", "ram 64M cmdline a=1 b=2"},
                    Marked{"A07", "ram 64M vdev ser8250 loc 3f8"},
                    Marked{"A15", "ram 64M logger fatal\uff0cerror stderr"},
                    Marked{"A16", "ram 512M,0x80000000"}, Marked{"A18", "ram 64M pass 0xfe000000,0x1000"},
                    Marked{"A19", "ram 64M vdev uart"}, Marked{"A07", "ram 1000a"},
                    Marked{"A08", "ram 64M ram 4096M,64M"}, Marked{"A17", "ram 64M cpu 3"},
                    Marked{"A20", "ram 64MB"}, Marked{"A20", "ram 64M logger eror stderr"},
                    Marked{"A21", "ram 64M load guest.elf#x"},
                    Marked{"D01", "ram 64M vdev ioapic loc 0xf8000000 vdev ser8250 intr ioapc:4"}));

}  // namespace
}  // namespace qvm::config
