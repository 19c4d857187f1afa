// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What a VM uses of the host by its name, before its start and after a start that failed.
#include "qvm/daemon/host/host_objects.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>

#include "tests/support/temporary_directory.h"

namespace qvm::daemon {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using Kind = vdevs::HostObject::Kind;

class HostObjects : public testing::Test {
 protected:
  static constexpr unsigned kIndex = 7;

  // Why a VM that uses this cannot be started; empty: nothing is known against it.
  std::string check(Kind kind, const std::string& name) const {
    plan::VmPlan plan;
    plan.host_objects.push_back({kind, name, "s.yaml:3:9"});
    const auto fits = check_host_objects(
        plan, {.directory = devices_.path(), .index = [this](const std::string& device) {
                 return std::filesystem::exists(devices_.path() + "/" + device) ? kIndex : 0U;
               }});
    return fits ? "" : fits.error().message();
  }
  // A network device with these attributes.
  void add_device(const std::string& name, const std::string& attribute = {}, const std::string& value = {}) {
    std::filesystem::create_directories(devices_.path() + "/" + name);
    devices_.add(name + "/ifindex", std::to_string(kIndex) + "\n");
    if (!attribute.empty()) devices_.add(name + "/" + attribute, value);
  }
  static std::string explain(const std::string& name, const std::string& message, Kind kind = Kind::path) {
    plan::VmPlan plan;
    plan.host_objects.push_back({kind, name, "s.yaml:3:9"});
    return explain_host_object(plan, Error(message)).message();
  }
  test::TemporaryDirectory devices_;
};

TEST_F(HostObjects, ABridgeMustBeThereAndBeOne) {
  add_device("eth0");
  add_device("br0");
  std::filesystem::create_directories(devices_.path() + "/br0/bridge");
  EXPECT_EQ(check(Kind::bridge, "br0"), "");
  EXPECT_EQ(
      check(Kind::bridge, "br1"),
      "s.yaml:3:9: bridge 'br1': there is no such network device: make it ('ip link add br1 type bridge'), "
      "or correct the name");
  EXPECT_THAT(check(Kind::bridge, "eth0"), StartsWith("s.yaml:3:9: bridge 'eth0': it is no bridge: "));
}

// As after `unshare --net`: /sys shows the devices of another network.
TEST_F(HostObjects, AnotherNetworksDevicesTellNothing) {
  add_device("br0");
  devices_.add("br0/ifindex", "8\n");
  EXPECT_EQ(check(Kind::bridge, "br0"), "");
  EXPECT_EQ(check(Kind::tap, "br0"), "");
  plan::VmPlan plan;
  plan.host_objects.push_back({Kind::bridge, "br0", "s.yaml:3:9"});
  EXPECT_FALSE(
      check_host_objects(plan, {.directory = devices_.path(), .index = [](const auto&) { return 0U; }}));
}

TEST_F(HostObjects, ATapDeviceMustBeThereAndBeOne) {
  add_device("eth0");
  add_device("tun0", "tun_flags", "0x1001\n");
  add_device("tap0", "tun_flags", "0x1002\n");
  devices_.add("tap0/owner", std::to_string(::geteuid()) + "\n");
  EXPECT_EQ(check(Kind::tap, "tap0"), "");
  EXPECT_THAT(check(Kind::tap, "tap1"),
              HasSubstr("tap device 'tap1': there is no such network device: make it"));
  EXPECT_THAT(check(Kind::tap, "eth0"), HasSubstr("it is no tap device"));
  EXPECT_THAT(check(Kind::tap, "tun0"), HasSubstr("it is no tap device"));
}

TEST_F(HostObjects, ATapDeviceOfSomebodyElseIsForRootOnly) {
  std::filesystem::permissions(devices_.path(), std::filesystem::perms(0755));
  const uid_t before = ::geteuid();
  const uid_t user = before == 0 ? 12345 : before;
  const auto usable = [&](const std::string& owner, const std::string& group) {
    add_device("tap0", "tun_flags", "0x1002\n");
    devices_.add("tap0/owner", owner + "\n");
    devices_.add("tap0/group", group + "\n");
    EXPECT_TRUE(before != 0 || check(Kind::tap, "tap0").empty());
    EXPECT_EQ(::seteuid(user), 0);
    const bool fits = check(Kind::tap, "tap0").empty();
    EXPECT_EQ(::seteuid(before), 0);
    return fits;
  };
  const std::string own = std::to_string(user);
  const std::string own_group = std::to_string(::getegid());
  EXPECT_TRUE(usable(own, "-1"));
  EXPECT_FALSE(usable(std::to_string(user + 1), "-1"));
  EXPECT_TRUE(usable("-1", "-1")) << "nobody's in particular";
  EXPECT_TRUE(usable("-1", own_group));
  EXPECT_FALSE(usable("-1", "54321"));
  EXPECT_FALSE(usable(own, "54321")) << "both count";
  EXPECT_FALSE(usable(std::to_string(user + 1), own_group)) << "both count";
}

TEST_F(HostObjects, ADeviceThatQemuOpensIsACharacterDevice) {
  EXPECT_EQ(check(Kind::device, "/dev/null"), "");
  EXPECT_EQ(check(Kind::device, "/dev/ttyQVM7"),
            "s.yaml:3:9: device '/dev/ttyQVM7': it cannot be found: No such file or directory: correct the "
            "path, or "
            "plug the device in");
  EXPECT_THAT(check(Kind::device, devices_.add("file", "")), HasSubstr("it is no character device"));
}

TEST_F(HostObjects, AFailureThatNamesOneSaysWhereItIsWritten) {
  EXPECT_EQ(explain("br0", "Cannot get interface MTU on 'br0': No such device"),
            "s.yaml:3:9: Cannot get interface MTU on 'br0': No such device");
  EXPECT_EQ(explain("/a/font", "open '/a/font': no"), "s.yaml:3:9: open '/a/font': no");
}

TEST_F(HostObjects, AnotherNameThatHasItInsideIsAnotherName) {
  for (const char* message :
       {"open '/a/font.bold': no", "open '/x/a/font': no", "open '/a/fonts': no", "gone"})
    EXPECT_EQ(explain("/a/font", message), message);
}

TEST_F(HostObjects, WhoIsDeniedAFileIsToldWhoNeedsIt) {
  const std::string uid = std::to_string(::geteuid());
  EXPECT_THAT(explain("/a/log", "open '/a/log': Permission denied"), HasSubstr("Permission denied: "));
  EXPECT_THAT(explain("/a/log", "open '/a/log': Permission denied"),
              HasSubstr(" needs permission for it ('setfacl -m u:" + uid + ":rw /a/log', package acl)"));
}

TEST_F(HostObjects, WithoutItsDaemonLibvirtDoesNotComeToTheNetwork) {
  EXPECT_THAT(explain("default", "connect to '/run/libvirt/virtnetworkd-sock': no", Kind::network),
              AllOf(StartsWith("s.yaml:3:9: connect"), HasSubstr("systemctl start virtnetworkd")));
  EXPECT_THAT(explain("default", "network 'default' is not active", Kind::network),
              HasSubstr("'virsh net-start default'"));
}

}  // namespace
}  // namespace qvm::daemon
