// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Rules about several VMs at once, and about the host: places in every file involved.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/model/options.h"
#include "config/rules/device_tree.h"
#include "config/rules/image.h"
#include "config/rules/rule.h"
#include "tests/support/config_text.h"

namespace qvm::config {
namespace {

using test::load_text;
using test::load_texts;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const HostResources kHost{4, std::uint64_t{8} << 30U};

// "E02 message | note: …" of one rule's findings.
std::vector<std::string> with_notes(const LoadedSystem& system, std::string_view rule) {
  std::vector<std::string> result;
  for (const Diagnostic& one : system.diagnostics.all()) {
    if (one.rule != rule) continue;
    std::string text = std::string(system.sources.name(one.where.source)) + ": " + one.message;
    for (const Note& note : one.notes)
      text += " | " + std::string(system.sources.name(note.where.source)) + ": " + note.text;
    result.push_back(text);
  }
  return result;
}

TEST(PeerRule, ComparesBothEnds) {
  EXPECT_THAT(with_notes(load_texts({"system a ram 64M vdev virtio-net name n peer /dev/qvm/b/n",
                                     "system b ram 64M vdev virtio-net name n peer /dev/vdevpeers/vp0"}),
                         "E02"),
              ElementsAre("vms/one.qvmconf: '/dev/qvm/b/n' has another peer than this virtio-net, "
                          "'/dev/vdevpeers/vp0' | vms/two.qvmconf: its peer is named here"));
}

TEST(PeerRule, NamesWhatIsMissing) {
  EXPECT_THAT(with_notes(load_texts({"system a ram 64M vdev virtio-net name n peer /dev/qvm/bb/n",
                                     "system b ram 64M vdev virtio-net name m peer /dev/qvm/a/x"}),
                         "E02"),
              ElementsAre("vms/one.qvmconf: no VM 'bb' is in this set",
                          "vms/two.qvmconf: VM 'a' has no virtio-net named 'x'"));
}

TEST(PeerRule, DoesNotExpectTheWholeSystemInOneFile) {
  EXPECT_THAT(with_notes(load_texts({"system a ram 64M vdev virtio-net name n peer /dev/qvm/b/n"}), "E02"),
              IsEmpty());
}

TEST(PeerRule, WantsAName) {
  EXPECT_THAT(
      with_notes(load_texts({"system a ram 64M vdev virtio-net peer /dev/qvm/b/n vdev virtio-net name a/b"}),
                 "E02"),
      ElementsAre("vms/one.qvmconf: this virtio-net has no 'name' that its peer could name",
                  "vms/one.qvmconf: name 'a/b' is a path"));
}

TEST(RegionRule, ComparesWithTheManifest) {
  test::MemoryReader reader;
  reader.files["system.yaml"] =
      "vms:\n  a: {config: a.qvmconf}\nregions:\n  moo: {size: 64KiB}\n  boo: {size: 8KiB}\n";
  reader.files["a.qvmconf"] = "ram 64M vdev shmem create moo,4K create boo,0x1001";
  const LoadedSystem system = load_manifest("system.yaml", test::shipped_tables(), reader);
  EXPECT_THAT(with_notes(system, "E10b"),
              ElementsAre("a.qvmconf: region 'moo' is created with 4096 bytes here and 65536 elsewhere | "
                          "system.yaml: the other size"));
}

TEST(MacRule, PointsAtBothUses) {
  EXPECT_THAT(with_notes(load_texts({"system a ram 64M vdev virtio-net peer x mac 02:00:00:00:00:0a",
                                     "system b ram 64M vdev virtio-net peer x mac 02:00:00:00:00:0A"}),
                         "E03"),
              ElementsAre("vms/two.qvmconf: MAC address '02:00:00:00:00:0A' is used twice | vms/one.qvmconf: "
                          "in VM 'a' already"));
}

TEST(DiskRule, KnowsPartitionsAndReaders) {
  EXPECT_THAT(
      with_notes(
          load_texts(
              {"system a ram 64M vdev virtio-blk hostdev /dev/sda1 vdev virtio-blk hostdev /dev/sdb",
               "system b ram 64M vdev virtio-blk hostdev /dev/sda2 vdev virtio-blk hostdev </dev/sdb3"}),
          "E06"),
      ElementsAre(
          "vms/two.qvmconf: '/dev/sdb3' is a part of '/dev/sdb', another virtio-blk's | vms/one.qvmconf: "
          "in VM 'a', for writing"));
}

TEST(DiskRule, TellsNamesOfOneFile) {
  test::MemoryReader reader;
  reader.files["vm"] = "ram 64M vdev virtio-blk hostdev a.img vdev virtio-blk hostdev link.img";
  reader.others["a.img"] = reader.others["link.img"] = FileFacts{512, true, true, true, false, "1:2"};
  const LoadedSystem system = load_vms({{{"@vm"}, "", "", {}}}, test::shipped_tables(), reader);
  EXPECT_THAT(
      with_notes(system, "E06"),
      ElementsAre("vm: 'link.img' is the disk of another virtio-blk already | vm: in VM 'vm', for writing"));
}

TEST(SharedDirectoryRule, LooksAtWhatTheHostMapSays) {
  test::MemoryReader reader;
  reader.files["m/system.yaml"] = "vms: {a: {config: a}}\nhost-map: {/fs/qnx6: data, /fs/other: none}\n";
  reader.files["m/a"] =
      "ram 64M vdev virtio-fs host_path /fs/qnx6 tag a vdev virtio-fs host_path /fs/other tag b";
  reader.others["m/data"] = FileFacts{0, false, true, true, true, "1:3"};
  const LoadedSystem system = load_manifest("m/system.yaml", test::shipped_tables(), reader);
  EXPECT_THAT(with_notes(system, "E14"), ElementsAre("m/a: there is no '/fs/other' on this host"));
}

TEST(HostDeviceRule, LooksAtWhatTheHostMapSays) {
  test::MemoryReader reader;
  reader.files["m/system.yaml"] =
      "vms:\n  a: {config: a}\n  b: {config: b}\n"
      "host-map:\n  /dev/hd0: disk.img\n  /dev/hd1: disk.img\n  /dev/hd2: no.img\n  /dev/ttyp0: \"-\"\n";
  reader.files["m/disk.img"] = std::string(512, 'd');
  reader.files["m/a"] = "ram 64M vdev virtio-blk hostdev /dev/hd0 vdev ser8250 hostdev /dev/ttyp0";
  reader.files["m/b"] = "ram 64M vdev virtio-blk hostdev /dev/hd1 vdev virtio-blk hostdev /dev/hd2";
  const LoadedSystem system = load_manifest("m/system.yaml", test::shipped_tables(), reader);
  EXPECT_THAT(with_notes(system, "E07"), ElementsAre("m/b: there is no 'm/no.img' on this host"));
  EXPECT_THAT(
      with_notes(system, "E06"),
      ElementsAre("m/b: '/dev/hd1' is the disk of another virtio-blk already | m/a: in VM 'a', for writing"));
}

TEST(HostDeviceRule, SaysWhatMayNotBeDone) {
  test::MemoryReader reader;
  reader.files["vm"] =
      "ram 64M vdev virtio-blk hostdev a.img vdev virtio-blk hostdev <a.img vdev virtio-blk hostdev b.img "
      "vdev virtio-blk hostdev /dev/sdz";
  reader.others["a.img"] = FileFacts{512, true, true, false};
  reader.others["/dev/sdz"] = FileFacts{0, false, false, false};
  reader.others["b.img"] = FileFacts{512, false, true, false};
  const LoadedSystem system = load_vms({{{"@vm"}, "", "", {}}}, test::shipped_tables(), reader);
  EXPECT_THAT(with_notes(system, "E07"),
              ElementsAre("vm: 'a.img' may not be written by you", "vm: 'b.img' may not be read by you"));
}

TEST(HostMemoryRule, AddsAllVmsUp) {
  EXPECT_THAT(
      with_notes(load_texts({"system a ram 4G", "system b ram 4G", "system c ram 4K"}, kHost), "B05"),
      ElementsAre(
          "vms/three.qvmconf: with the 0 MiB of VM 'c' the VMs have 8192 MiB of memory, this host has 8192 "
          "MiB | vms/one.qvmconf: VM 'a' has 4096 MiB | vms/two.qvmconf: VM 'b' has 4096 MiB"));
  EXPECT_THAT(with_notes(load_texts({"system a ram 9G"}, kHost), "B05"),
              ElementsAre("vms/one.qvmconf: VM 'a' has 9216 MiB of memory, this host has 8192 MiB"));
}

TEST(HostRules, JudgeNothingByAnUnknownHost) {
  const LoadedSystem system = load_texts({"system a ram 900G cpu cluster _cpu-99 cpu cpu cpu cpu cpu"});
  EXPECT_THAT(test::messages(system), IsEmpty());
}

TEST(CpuRules, CompareVmsAndTheHost) {
  const LoadedSystem system = load_texts(
      {"system a ram 64M cpu runmask 0 cpu runmask 1", "system b ram 64M cpu runmask 2 cpu runmask 3"},
      kHost);
  EXPECT_THAT(
      with_notes(system, "C04"),
      ElementsAre("vms/two.qvmconf: with this one a guest is bound to every CPU of this host (0 to 3) | "
                  "vms/one.qvmconf: CPU 0 | vms/one.qvmconf: CPU 1 | vms/two.qvmconf: CPU 2"));
  EXPECT_THAT(
      with_notes(load_texts({"system a ram 64M cpu runmask 1", "system b ram 64M cpu cluster _cpu-1"}),
                 "C07"),
      ElementsAre("vms/two.qvmconf: VMs 'a' and 'b' are bound to host CPU 1 | vms/one.qvmconf: VM 'a'"));
}

TEST(RegionRules, FindRegionsThatNobodyElseMayUse) {
  const char* creator = "system a ram 64M vdev shmem create moo,4K allow moo";
  EXPECT_THAT(with_notes(load_texts({creator, "system b ram 64M vdev shmem deny m*"}), "E19"),
              ElementsAre("vms/one.qvmconf: no other VM of this set may attach to region 'moo'"));
  EXPECT_THAT(with_notes(load_texts({creator, "system b ram 64M vdev shmem deny x*"}), "E19"), IsEmpty());
  EXPECT_THAT(with_notes(load_texts({creator, "system b ram 64M vdev shmem subst ,m allow oo"}), "E19"),
              IsEmpty());
  EXPECT_THAT(with_notes(load_texts({creator}), "E19"), IsEmpty());
  EXPECT_THAT(with_notes(load_texts({creator, "system b ram 64M vdev shmem allow x allow mooh"}), "E19"),
              ElementsAre("vms/one.qvmconf: no other VM of this set may attach to region 'moo' | "
                          "vms/two.qvmconf: a similar name"));
}

TEST(PassRules, CompareOwnersOfTheSet) {
  EXPECT_THAT(
      with_notes(load_texts({"system a ram 64M pass loc pci:0:3=pci:0x8086/0x10d3 intr gic:40=40",
                             "system b ram 64M pass loc pci:0x8086/0x10d3 intr gic:50=40"}),
                 "F02"),
      ElementsAre(
          "vms/two.qvmconf: PCI device '0x8086/0x10d3' is passed twice | vms/one.qvmconf: to VM 'a' here"));
}

TEST(GicRule, IsThereWithoutAVdevOnArm) {
  EXPECT_THAT(
      with_notes(
          load_texts({"ram 64M vdev pl011 loc 0x1c090000 intr gic:37 vdev shmem loc 0x1c050000 intr gik:38"}),
          "D01"),
      ElementsAre("vms/one.qvmconf: no interrupt controller 'gik' is defined"));
  EXPECT_THAT(
      with_notes(load_texts({"ram 64M vdev gic name pic vdev shmem loc 0x1c050000 intr gic:38"}), "D01"),
      ElementsAre("vms/one.qvmconf: no interrupt controller 'gic' is defined"));
}

TEST(Images, AreTheirFirstBytes) {
  test::MemoryReader reader;
  const auto recognised = [&](const char* file) { return recognise(reader.files[file]); };
  EXPECT_EQ(recognised("bzImage").format, Image::Format::linux_x86);
  EXPECT_EQ(recognised("bzImage").memory, std::uint64_t{16} << 20U);
  EXPECT_EQ(recognised("Image").format, Image::Format::linux_arm64);
  EXPECT_EQ(recognised("Image").memory, std::uint64_t{16} << 20U);
  EXPECT_EQ(recognised("arm.elf").machine, Machine::arm);
  EXPECT_EQ(recognised("guest.ifs").format, Image::Format::qnx_ifs);
  EXPECT_EQ(recognised("guest.bin").format, Image::Format::unknown);
  EXPECT_EQ(recognise("").format, Image::Format::unknown);
  EXPECT_EQ(recognise("\x7f"
                      "ELF")
                .machine,
            Machine::unknown);
}

// Words that stand before `load` are options of a vdev that nobody knows unless they do.
TEST(UnknownVdev, MayHaveAnOptionOfAnyName) {
  const LoadedSystem system = load_text(
      "system a ram 64M vdev gic vdev mything loc 0x1c270000 intr gic:61 data adc initrd 3\ndata load "
      "guest.bin");
  EXPECT_THAT(with_notes(system, "A01"), ElementsAre("vms/one.qvmconf: unknown vdev type 'mything'"));
  ASSERT_EQ(system.vms[0].loads.size(), 1U);
  EXPECT_EQ(system.vms[0].loads[0].blob, Load::Blob::data);
  ASSERT_EQ(system.vms[0].vdevs.size(), 2U);
  EXPECT_EQ(find_argument(system.vms[0].vdevs[1].options, "data")->text, "adc");
}

// What a guest is bound to is judged by the CPUs of this host that it gets.
TEST(HostCpuRule, PinsAreThoseOfThisHost) {
  test::MemoryReader reader;
  reader.machine = test::example_host();
  reader.files["left.qvmconf"] =
      "system left ram 64M cpu runmask 6 cpu runmask 7 cpu runmask 1,9 cpu runmask 9 cpu runmask 9";
  reader.files["system.yaml"] = "vms:\n  left: {config: left.qvmconf}\nhost-cpus: {6: 0, 7: 0}\n";
  const LoadedSystem system = load_manifest("system.yaml", test::shipped_tables(), reader);
  EXPECT_THAT(with_notes(system, "C02"),
              ElementsAre("left.qvmconf: two CPUs of the VM may run on host CPU 0 only | "
                          "left.qvmconf: the other one"));
}

TEST(HostCpuRule, TellsOfAClusterOfACpuThatIsNotThere) {
  EXPECT_THAT(with_notes(load_texts({"system left ram 64M cpu cluster _cpu-5000"}, kHost), "C03"),
              ElementsAre("vms/one.qvmconf: this host has no CPU 5000"));
}

TEST(HostResources, NameTheirCpus) {
  const HostResources some{3, std::nullopt, {0, 2, 3}};
  EXPECT_EQ(some.cpu_names(), "0, 2, 3");
  EXPECT_FALSE(some.has_cpu(1));
  EXPECT_TRUE(some.has_cpu(3));
  EXPECT_EQ(kHost.cpu_names(), "0 to 3");
  EXPECT_FALSE(kHost.has_cpu(4));
  EXPECT_TRUE(HostResources().has_cpu(4));
}

TEST(HostCpuRule, KnowsWhatTheManifestSays) {
  test::MemoryReader reader;
  reader.machine = test::example_host();
  reader.files["left.qvmconf"] = "system left ram 64M cpu runmask 4 cpu runmask 5";
  reader.files["system.yaml"] = "vms:\n  left: {config: left.qvmconf}\nhost-cpus: {4: 0, 6: 9}\n";
  const LoadedSystem system = load_manifest("system.yaml", test::shipped_tables(), reader);
  EXPECT_THAT(with_notes(system, "C03"), UnorderedElementsAre("left.qvmconf: this host has no CPU 5",
                                                              "system.yaml: this host has no CPU 9"));
}

TEST(TreeRule, ComparesDevicesByTheirAddresses) {
  test::MemoryReader reader;
  reader.files["a.dtb"] = test::device_tree({{"uart@1c090000", "arm,pl011", 0x1c090000, 5},
                                             {"virtio_mmio@1c0d0000", "virtio,mmio", 0x1c0d0000, 9},
                                             {"eth@1c0f0000", "acme,eth", 0x1c0f0000, 9}});
  reader.files["vm"] = "ram 64M fdt load a.dtb vdev pl011 loc 0x1c090000 intr gic:38";
  const LoadedSystem system = load_vms({{{"@vm"}, "", "", {}}}, test::shipped_tables(), reader);
  EXPECT_THAT(
      with_notes(system, "D09"),
      ElementsAre("vm: 'a.dtb' has 'virtio_mmio@1c0d0000', and no vdev is at 0x1c0d0000",
                  "vm: vdev 'pl011' has line 38, the device tree says 37 | vm: 'uart@1c090000' in this one"));
}

// Before version 16 nodes had other names; libfdt 1.6 dereferences null pointers at them.
TEST(TreeRule, TakesNoOldTrees) {
  std::string tree = test::device_tree({{"a@1", "x", 1, 2}});
  constexpr std::size_t kVersion = 23;  // the last bytes of version and last_comp_version
  constexpr std::size_t kLastCompatible = 27;
  for (const char version : {'\1', '\2', '\3', '\17'}) {
    tree[kVersion] = version;
    tree[kLastCompatible] = static_cast<char>(version - 1);
    EXPECT_TRUE(tree_devices(tree).empty()) << static_cast<int>(version);
  }
}

TEST(TreeRule, SurvivesDamagedTrees) {
  const std::string whole = test::device_tree({{"a@1", "x", 1, 2}, {"b@2", "y", 3, 4}});
  EXPECT_EQ(tree_devices(whole).size(), 2U);
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_LE(tree_devices(whole.substr(0, size)).size(), 2U);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 0xff);
    EXPECT_LE(tree_devices(damaged).size(), 2U);
  }
}

}  // namespace
}  // namespace qvm::config
