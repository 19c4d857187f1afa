// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <filesystem>
#include <fstream>

#include "config/manifest/host_cpus.h"
#include "qvm/plan/cpus.h"
#include "qvm/plan/domain_xml.h"
#include "qvm/plan/image_format.h"
#include "tests/support/plan_fixture.h"
#include "vdevs/host_path.h"
#include "vdevs/plan.h"

namespace qvm::plan {
namespace {

using namespace std::string_literals;
using test::plan_text;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kStart =
    "ram 0,0xa0000 ram 1M,63M load kernel.elf vdev ioapic loc 0xfec00000 name pic intr apic\n";

TEST(Plan, IsTheSameEveryTime) {
  const std::string text = std::string(kStart) + "vdev ser8250 vdev shmem loc 0x10000000 intr pic:5";
  EXPECT_EQ(to_json(*plan_text(text).plan), to_json(*plan_text(text).plan));
}

TEST(Plan, RulesForRegionsStayOutOfTheProcess) {
  const auto planned = plan_text(
      std::string(kStart) + "vdev shmem loc 0x10000000 intr pic:5 allow a* deny b* create c,4096 umask 2");
  ASSERT_TRUE(planned.plan) << planned.text();
  EXPECT_THAT(planned.plan->vmhost_json, Not(HasSubstr("allow")));
  EXPECT_THAT(planned.plan->vmhost_json, HasSubstr("\"options\": []"));
  ASSERT_EQ(planned.plan->policy.vdevs.size(), 1u);
  EXPECT_EQ(planned.plan->policy.vdevs[0].rules.size(), 2u);
  EXPECT_EQ(planned.plan->policy.vdevs[0].rules[0].place, "vm.qvmconf:2:44");
  EXPECT_EQ(planned.plan->policy.vdevs[0].umask, 2u);
}

TEST(Plan, UmaskAndGroupHoldForWhatFollows) {
  const auto planned =
      plan_text(std::string(kStart) +
                "vdev shmem loc 0x10000000 intr pic:5 create a,1 umask 027 gid video create b,1 "
                "create c,1,0666,7");
  ASSERT_TRUE(planned.plan) << planned.text();
  const auto& creates = planned.plan->policy.vdevs.at(0).creates;
  ASSERT_EQ(creates.size(), 3u);
  EXPECT_EQ(creates[0].mode, 0666u);
  EXPECT_EQ(creates[0].gid, std::nullopt);
  EXPECT_EQ(creates[1].mode, 0640u);
  EXPECT_EQ(creates[1].gid, 44u);
  EXPECT_EQ(creates[2].mode, 0666u);
  EXPECT_EQ(creates[2].gid, 7u);
}

// The XML of the plan of one vdev, with entries of a host-map.
std::string domain_with(const std::string& vdev, const std::vector<config::HostMapEntry>& host_map) {
  config::SystemConfig manifest;
  manifest.host_map = host_map;
  const auto planned = plan_text(std::string(kStart) + "vdev " + vdev, test::fake_host(), &manifest);
  return planned.plan ? planned.plan->domain_xml + to_table(*planned.plan) : planned.text();
}

std::string port_with(const std::string& hostdev, const std::vector<config::HostMapEntry>& host_map) {
  return domain_with("ser8250 hostdev " + hostdev, host_map);
}

TEST(HostMap, SaysWhatASerialPortIsConnectedTo) {
  using Entry = config::HostMapEntry;
  const auto entry = [](const std::string& target, Entry::Kind kind = Entry::Kind::path) {
    return std::vector<Entry>{{{"/dev/ser1", {}}, kind, {target, {}}}};
  };
  EXPECT_THAT(port_with("/dev/ser1", entry("/dev/ttyS0")), HasSubstr("<source path=\"/dev/ttyS0\""));
  EXPECT_THAT(port_with("/dev/ser1", entry("logs/port.txt")),
              HasSubstr("ser8250-0: output to /home/user/logs/port.txt\n"));
  EXPECT_THAT(port_with(">/dev/ser1", entry("logs/port.txt")),
              HasSubstr("ser8250-0: output to /home/user/logs/port.txt\n"));
  EXPECT_THAT(port_with("</dev/ser1", entry("logs/port.txt")),
              HasSubstr("ser8250-0: input from /home/user/logs/port.txt\n"));
  EXPECT_THAT(port_with("/dev/ser1", entry("pty")), HasSubstr("terminal /run/qvm/vm/vm/ser8250-0.tty\n"));
  EXPECT_THAT(port_with("/dev/ser1", entry("-")), HasSubstr("console.sock"));
  EXPECT_THAT(port_with("/dev/ser1", {}), HasSubstr("<source path=\"/dev/ser1\""));
  EXPECT_THAT(port_with("/dev/ser1", entry("guests", Entry::Kind::network)),
              HasSubstr("network 'guests' stands for '/dev/ser1' [plan-device]"));
}

TEST(HostMap, SaysWhatADiskIs) {
  using Entry = config::HostMapEntry;
  const auto disk_with = [](const std::string& hostdev, const std::string& target, Entry::Kind kind) {
    return domain_with("virtio-blk hostdev " + hostdev, {{{"/dev/hd1t131", {}}, kind, {target, {}}}});
  };
  EXPECT_THAT(disk_with("/dev/hd1t131", "disks/root.img", Entry::Kind::path),
              HasSubstr("<source file=\"/home/user/disks/root.img\""));
  EXPECT_THAT(disk_with("</dev/hd1t131", "/dev/sdb1", Entry::Kind::path),
              testing::AllOf(HasSubstr("<source file=\"/dev/sdb1\""), HasSubstr("<readonly")));
  EXPECT_THAT(disk_with("/dev/hd0", "/dev/sdb1", Entry::Kind::path), HasSubstr("<source file=\"/dev/hd0\""));
  EXPECT_THAT(disk_with("/dev/hd1t131", "-", Entry::Kind::path),
              HasSubstr("the VM's console stands for '/dev/hd1t131' [plan-device]"));
  EXPECT_THAT(disk_with("/dev/hd1t131", "guests", Entry::Kind::network),
              HasSubstr("network 'guests' stands for '/dev/hd1t131' [plan-device]"));
}

TEST(Plan, DisksAreNamedInOrder) {
  std::string text = kStart;
  for (int i = 0; i < 28; ++i) text += "vdev virtio-blk hostdev disk.img ";
  const auto planned = plan_text(text);
  ASSERT_TRUE(planned.plan) << planned.text();
  EXPECT_EQ(planned.plan->disks.at(0).name, "vda");
  EXPECT_EQ(planned.plan->disks.at(25).name, "vdz");
  EXPECT_EQ(planned.plan->disks.at(26).name, "vdaa");
  EXPECT_EQ(planned.plan->disks.at(27).name, "vdab");
}

// The XML of the plan of one network interface whose peer has an entry in the host-map.
std::string interface_with(config::HostMapEntry::Kind kind, const std::string& target) {
  config::SystemConfig manifest;
  manifest.host_map = {{{"/dev/vdevpeers/vp0", {}}, kind, {target, {}}}};
  const auto planned =
      plan_text(std::string(kStart) + "vdev virtio-net peer /dev/vdevpeers/vp0 mac 02:00:00:00:00:01",
                test::fake_host(), &manifest);
  if (!planned.plan) return planned.text();
  const std::string& xml = planned.plan->domain_xml;
  const std::size_t begin = xml.find("<interface");
  std::string interface = xml.substr(begin, xml.find("</interface>") - begin);
  for (std::size_t at = interface.find("\n      "); at != std::string::npos; at = interface.find("\n      "))
    interface.erase(at, 7);
  return planned.plan->networks.at(0).towards + ": " + interface;
}

TEST(HostMap, SaysWhatANetworkInterfaceIsConnectedTo) {
  using Kind = config::HostMapEntry::Kind;
  const std::string end =
      "<model type=\"virtio-non-transitional\" /><rom enabled=\"no\" />"
      "<address type=\"pci\" domain=\"0\" bus=\"0\" slot=\"2\" function=\"0\" />\n    ";
  const std::string mac = "<mac address=\"02:00:00:00:00:01\" />";
  EXPECT_EQ(interface_with(Kind::network, "guests"),
            "network 'guests': <interface type=\"network\">" + mac + "<source network=\"guests\" />" + end);
  EXPECT_EQ(interface_with(Kind::bridge, "br0"),
            "bridge 'br0': <interface type=\"bridge\">" + mac + "<source bridge=\"br0\" />" + end);
  EXPECT_EQ(interface_with(Kind::tap, "tap7"), "tap device 'tap7': <interface type=\"ethernet\">" + mac +
                                                   "<target dev=\"tap7\" managed=\"no\" />" + end);
  EXPECT_EQ(interface_with(Kind::user_mode, "user-mode"),
            "user-mode network: <interface type=\"user\">" + mac + end);
  EXPECT_THAT(interface_with(Kind::path, "x.img"),
              HasSubstr("'x.img' stands for '/dev/vdevpeers/vp0', and is no network [plan-device]"));
}

TEST(Plan, DerivedHardwareAddressesDifferByHostVmAndInterface) {
  const auto address = [](const std::string& vdev, const std::string& host_id = "a",
                          const std::string& vm = "left") {
    HostFacts host = test::fake_host();
    host.host_id = host_id;
    const auto planned = plan_text("system " + vm + "\n" + kStart + vdev, host);
    return planned.plan ? planned.plan->networks.at(0).mac : planned.text();
  };
  const std::string link = "vdev virtio-net peer /dev/qvm/right/n0 name n0";
  EXPECT_EQ(address(link), address("vdev virtio-net name n0 peer /dev/vdevpeers/vp0"));
  EXPECT_NE(address(link), address(link, "b"));
  EXPECT_NE(address(link), address(link, "a", "middle"));
  EXPECT_NE(address(link), address("vdev virtio-net peer /dev/qvm/right/n0 name n1"));
  EXPECT_THAT(address(link), testing::MatchesRegex(".[26ae](:[0-9a-f][0-9a-f])+"));
  EXPECT_EQ(address(link + " mac 02:AB:00:00:00:01"), "02:ab:00:00:00:01");
}

TEST(Plan, IdentityIsTheCallersWithoutAUid) {
  HostFacts host = test::fake_host();
  host.caller_uid = 1000;
  host.caller_gid = 1001;
  const auto planned = plan_text(kStart, host);
  ASSERT_TRUE(planned.plan);
  EXPECT_EQ(planned.plan->policy.uid, 1000u);
  EXPECT_EQ(planned.plan->policy.gid, 1001u);
  EXPECT_THAT(planned.plan->domain_xml, Not(HasSubstr("seclabel")));
}

TEST(Plan, ControlCharactersInACommandLineAreAnError) {
  const auto planned = plan_text(std::string(kStart) + "cmdline \"a\x01\"");
  EXPECT_FALSE(planned.plan);
  EXPECT_EQ(
      planned.text(),
      "vm.qvmconf:2:9: error: the command line is not UTF-8 text or has control characters [plan-boot]\n"
      "  help: libvirt carries it in XML, which allows neither\n");
}

TEST(Plan, SecondVdevOfTheMachinesOnlyTimerIsAnError) {
  const auto planned = plan_text(std::string(kStart) + "vdev hpet vdev hpet");
  EXPECT_FALSE(planned.plan);
  EXPECT_THAT(planned.text(), HasSubstr("memory 0xfed00000..0xfed00fff of vdev hpet1 overlaps vdev hpet0"));
}

TEST(PlanJson, RefusesOtherVersionsAndBrokenText) {
  EXPECT_EQ(from_json("{\"version\": 2}").error().message(), "read a plan: version 2, expected 1");
  EXPECT_FALSE(from_json("{"));
  EXPECT_EQ(from_json("[]").error().message(), "read a plan: is not an object");
  EXPECT_EQ(from_json("{}").error().message(), "read a plan: version: is missing");
  EXPECT_EQ(from_json("{\"version\": 1}").error().message(), "read a plan: name: is missing");
}

TEST(PlanJson, KeepsBytesOfTheTable) {
  VmPlan plan;
  plan.acpi_table = "\x00\x7f\x80\xff"s;
  const auto read = from_json(to_json(plan));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->acpi_table, plan.acpi_table);
}

TEST(PlanJson, KeepsWhatMayBeAbsent) {
  VmPlan plan;
  plan.host.uid = 0;
  plan.host.gid = 5;
  plan.policy.vdevs.push_back(
      {.vdev = "a0", .rules = {}, .substitutions = {}, .creates = {}, .umask = 0, .gid = 9});
  const auto read = from_json(to_json(plan));
  ASSERT_TRUE(read);
  EXPECT_TRUE(*read == plan);
}

TEST(QemuOption, CommasAreDoubled) {
  EXPECT_EQ(qemu_option_value("a,b,,c"), "a,,b,,,,c");
}

TEST(HostPath, IsMadeAbsoluteWithoutFollowingLinks) {
  EXPECT_EQ(vdevs::absolute_path("/a/b", "c"), "/a/b/c");
  EXPECT_EQ(vdevs::absolute_path("/a/b", "./c//d"), "/a/b/c/d");
  EXPECT_EQ(vdevs::absolute_path("/a/b", "../c"), "/a/b/../c");
  EXPECT_EQ(vdevs::absolute_path("/a/b", "/c"), "/c");
}

TEST(XmlText, IsUtf8WithoutControlCharacters) {
  EXPECT_TRUE(vdevs::is_xml_text("plain \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80\n"));
  EXPECT_FALSE(vdevs::is_xml_text("\x1b"));
  EXPECT_FALSE(vdevs::is_xml_text("\xff"));
  EXPECT_FALSE(vdevs::is_xml_text("\xc0\x80"));
  EXPECT_FALSE(vdevs::is_xml_text("\xed\xa0\x80"));
  EXPECT_FALSE(vdevs::is_xml_text("\xe2\x82"));
  EXPECT_FALSE(vdevs::is_xml_text("\xef\xbf\xbf"));
}

std::string elf32_with_segment(char type) {
  std::string image =
      "\x7f"
      "ELF\x01"s;
  image.resize(28, '\0');
  image += "\x34\x00\x00\x00"s;  // program headers at 52
  image.resize(42, '\0');
  image += "\x20\x00\x01\x00"s;  // one of 32 bytes
  image.resize(52, '\0');
  image += type;
  image.resize(84, '\0');
  return image;
}

TEST(ImageFormat, TellsKernelsApart) {
  const std::string header = "\x02\xb0\xad\x1b\x00\x00\x00\x00\xfe\x4f\x52\xe4"s;
  const std::string with_addresses = "\x02\xb0\xad\x1b\x00\x00\x01\x00\xfe\x4f\x51\xe4"s;
  EXPECT_EQ(sniff_image(header), ImageFormat::multiboot);
  EXPECT_EQ(sniff_image("\x7f"
                        "ELF\x02___" +
                        header),
            ImageFormat::multiboot_elf64);
  EXPECT_EQ(sniff_image("\x7f"
                        "ELF\x02___" +
                        with_addresses),
            ImageFormat::multiboot);
  EXPECT_EQ(sniff_image("x" + header), ImageFormat::unknown);
  EXPECT_EQ(sniff_image(elf32_with_segment(4)), ImageFormat::elf_with_notes);
  EXPECT_EQ(sniff_image(elf32_with_segment(1)), ImageFormat::elf);
  EXPECT_EQ(sniff_image("\x1f\x8b\x08"), ImageFormat::gzip);
  EXPECT_EQ(sniff_image(""), ImageFormat::unknown);
}

// A vdev is a folder: the core works with what plans ask for.
TEST(Core, NamesNoVdev) {
  for (const auto& entry : std::filesystem::directory_iterator(QVM_SOURCE_DIR "/qvm/plan")) {
    std::ifstream file(entry.path());
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    // Its header shows an example.
    if (entry.path().filename() == "vm_plan.h") continue;
    const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
    for (const vdevs::ShippedVdev* vdev : vdevs::shipped_vdevs()) {
      for (auto at = text.find(vdev->type); at != std::string::npos; at = text.find(vdev->type, at + 1)) {
        const bool part = (at > 0 && is_word(text[at - 1])) || is_word(text[at + vdev->type.size()]);
        EXPECT_TRUE(part) << entry.path() << " names " << vdev->type;
      }
    }
  }
}

class HostCpus : public testing::Test {
 protected:
  // Of a host with two, on which 0 stands for 4.
  static std::vector<std::string> affinity(const std::string& cpus) {
    config::VmConfig vm = test::plan_text("system left ram 64M load guest.elf " + cpus).loaded.vms.at(0);
    HostQueries queries;
    config::SystemConfig manifest;
    manifest.host_cpus.push_back({{4, {}}, {0, {}}});
    queries.host_cpus = [&manifest](const config::Cpu& cpu) {
      return config::host_cpus_here(cpu, &manifest, config::HostResources{2, std::nullopt, {}});
    };
    VmPlan plan;
    config::DiagnosticSink sink;
    plan_cpus(vm, queries, plan, sink);
    EXPECT_TRUE(sink.all().empty());
    return plan.affinity;
  }
};

TEST_F(HostCpus, AreThoseOfThisHost) {
  EXPECT_THAT(affinity("cpu runmask 4 cpu runmask 1,4 cpu cluster _cpu-4 cpu"),
              testing::ElementsAre("0", "1,0", "0", ""));
}

TEST_F(HostCpus, ThatAreNotThereAreLeftOut) {
  EXPECT_THAT(affinity("cpu runmask 1,7 cpu runmask 7 cpu cluster _cpu-7"),
              testing::ElementsAre("1", "", ""));
}

TEST_F(HostCpus, AreThoseOfTheLastOptionThatNamesSome) {
  EXPECT_THAT(affinity("cpu runmask 0 cluster _cpu-1 cpu cluster _cpu-1 runmask 0"),
              testing::ElementsAre("1", "0"));
}

TEST_F(HostCpus, AreNamedOnce) {
  EXPECT_THAT(affinity("cpu runmask 0,4"), testing::ElementsAre("0"));
}

// Of boards under KVM, whose gic is the kernel's.
class KvmGic : public testing::Test {
 protected:
  // What is found for a board with this line, and the version that it gets; 0: it is refused.
  unsigned plan(vdevs::KvmGics gics, const std::string& line) {
    test::FakeFiles files;
    files.kvm_gics = gics;
    files.texts["b.qvmconf"] =
        "system b\nram 0x80000000,512M\nload raw.bin\nvdev pl011 loc 0x1c090000 intr gic:37\n" + line;
    HostFacts host = test::fake_host();
    host.architecture = config::Architecture::aarch64;
    host.acceleration = HostFacts::Acceleration::kvm;
    const auto planned = test::plan_file(files, "b.qvmconf", host);
    text_ = planned.text();
    if (!planned.plan) return 0;
    return planned.plan->domain_xml.find("<gic version=\"2\"") != std::string::npos ? 2 : 3;
  }
  std::string text_;
};

TEST_F(KvmGic, IsOfTheVersionThatTheHostHas) {
  EXPECT_EQ(plan({.v2 = true, .v3 = true}, ""), 3U);
  EXPECT_EQ(plan({.v3 = true}, ""), 3U);
  EXPECT_EQ(plan({.v2 = true}, ""), 2U);
  EXPECT_NE(text_.find("this host's KVM has no gic of version 3: it is of version 2"), std::string::npos)
      << text_;
  EXPECT_EQ(plan({.v2 = true}, "vdev gic version 2\n"), 2U);
}

TEST_F(KvmGic, OfVersion2ServesEightCpus) {
  std::string cpus;
  for (int i = 0; i < 8; ++i) cpus += "cpu\n";
  EXPECT_EQ(plan({.v2 = true}, cpus), 2U);
  cpus += "cpu\n";
  EXPECT_EQ(plan({.v3 = true}, cpus), 3U);
  EXPECT_EQ(plan({.v2 = true}, cpus), 0U);
  EXPECT_NE(text_.find("error: a gic of version 2 serves 8 CPUs, and this VM has 9"), std::string::npos)
      << text_;
  EXPECT_EQ(plan({.v2 = true, .v3 = true}, cpus + "vdev gic version 2\n"), 0U);
  EXPECT_NE(text_.find("help: write 'version 3', or leave CPUs out"), std::string::npos) << text_;
}

TEST_F(KvmGic, OfAnotherVersionThanWrittenIsRefused) {
  EXPECT_EQ(plan({.v2 = true}, "vdev gic version 3\n"), 0U);
  EXPECT_NE(text_.find("b.qvmconf:5:18: error: this host's KVM has no gic of version 3 [plan-device]\n"
                       "  help: write 'version 2', or start with '--accel tcg'"),
            std::string::npos)
      << text_;
  EXPECT_EQ(plan({.v3 = true}, "vdev gic version 2\n"), 0U);
}

}  // namespace
}  // namespace qvm::plan
