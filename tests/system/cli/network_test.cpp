// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Networks of Linux guests: links between VMs, and the host.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "tests/support/run_program.h"
#include "tests/system/cli/linux_fixture.h"

namespace qvm::test {
namespace {

using std::chrono::seconds;
using testing::Contains;
using testing::HasSubstr;
using testing::SizeIs;

// A server on the host's loopback that sends one text to whoever connects.
class Greeter {
 public:
  Greeter() : x_fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    const bool listens = ::bind(x_fd, reinterpret_cast<const sockaddr*>(&address), length) == 0 &&
                         ::listen(x_fd, 4) == 0 &&
                         ::getsockname(x_fd, reinterpret_cast<sockaddr*>(&address), &length) == 0;
    EXPECT_TRUE(listens);
    x_port = ::ntohs(address.sin_port);
    x_thread = std::jthread([this] {
      for (int client = ::accept(x_fd, nullptr, nullptr); client >= 0;
           client = ::accept(x_fd, nullptr, nullptr)) {
        constexpr std::string_view kText = "hello from the host\n";
        (void)::send(client, kText.data(), kText.size(), MSG_NOSIGNAL);
        ::close(client);
      }
    });
  }
  ~Greeter() {
    ::shutdown(x_fd, SHUT_RDWR);  // accept returns
    x_thread.join();
    ::close(x_fd);
  }
  std::uint16_t port() const { return x_port; }

 private:
  int x_fd;
  std::uint16_t x_port = 0;
  std::jthread x_thread;
};

class Network : public LinuxCliTest {
 protected:
  // A Linux guest whose first network interface has this address and runs a command of the shell.
  void add_guest(const std::string& name, const std::string& address, const std::string& command,
                 const std::string& vdev) const {
    sandbox_.add(
        name + ".qvmconf",
        linux_guest(
            name, fmt::format("console=ttyS0 quiet qvm.address={}/24 -- sh -c \\\"{}\\\"", address, command),
            kSerialConsole + vdev + "\n"));
  }
  // The manifest of a set of guests; more: keys of it.
  std::string manifest(const std::vector<std::string>& guests, const std::string& restart = "no",
                       const std::string& more = {}) const {
    std::string text = "vms:\n";
    for (const std::string& guest : guests)
      text += fmt::format("  {0}: {{config: {0}.qvmconf, restart: {1}}}\n", guest, restart);
    return sandbox_.add("system.yaml", text + more);
  }
};

using NetworkPlan = CliTest;

// QNX links lazily: what nobody answers is told, and runs.
TEST_F(NetworkPlan, PeersThatDoNotNameEachOtherAreToldAndRun) {
  sandbox_.add("left.qvmconf",
               guest_config("left", "idle", {}, "vdev virtio-net name a peer /dev/qvm/right/b\n"));
  sandbox_.add("right.qvmconf",
               guest_config("right", "idle", {}, "vdev virtio-net name b peer /dev/qvm/left/other\n"));
  const std::string manifest =
      sandbox_.add("system.yaml", "vms: {left: {config: left.qvmconf}, right: {config: right.qvmconf}}\n");
  const Answer answer = sandbox_.qvm({"up", "--detach", "--accel", usual_accelerator(), manifest});
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_THAT(answer.err, HasSubstr("warning: '/dev/qvm/right/b' has another peer than this virtio-net"));
  EXPECT_THAT(answer.err, HasSubstr("warning: VM 'left' has no virtio-net named 'other'"));
  EXPECT_EQ(sandbox_.qvm({"down"}).out, "left: stopped\nright: stopped\n");
  EXPECT_TRUE(sandbox_.nothing_left());
}

// The same for one that names its own VM.
TEST_F(NetworkPlan, AnInterfaceThatIsItsOwnPeerRuns) {
  const std::string file = sandbox_.add(
      "left.qvmconf", guest_config("left", "idle", {}, "vdev virtio-net name a peer /dev/qvm/left/a\n"));
  const Answer answer = sandbox_.qvm({"up", "--detach", "--accel", usual_accelerator(), file});
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_THAT(answer.err, HasSubstr("warning: this virtio-net is its own peer"));
  EXPECT_EQ(sandbox_.qvm({"down"}).out, "left: stopped\n");
}

TEST_F(Network, ExampleOfTwoGuestsPinging) {
  BackgroundProgram set(up({std::string(kExamples) + "network/system.yaml"}));
  ASSERT_EQ(set.wait(kLinuxPatience), 0) << set.out() << set.err();
  for (const char* guest : {"ann | ", "bob | "}) {
    EXPECT_THAT(lines_with(set.out(), guest),
                Contains(HasSubstr("3 packets transmitted, 3 packets received")));
  }
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_F(Network, ManyMegabytesArriveUnchanged) {
  add_guest("sender", "10.9.0.1",
            "head -c 16777216 /dev/urandom > /tmp/data; md5sum < /tmp/data; "
            "until nc 10.9.0.2 5000 < /tmp/data; do sleep 1; done; sleep 5",
            "vdev virtio-net name out peer /dev/qvm/receiver/in mac 02:00:00:00:09:01");
  add_guest("receiver", "10.9.0.2", "cat /sys/class/net/eth0/address; nc -l -p 5000 | md5sum",
            "vdev virtio-net name in peer /dev/qvm/sender/out mac 02:00:00:00:09:02");
  BackgroundProgram set(up({manifest({"sender", "receiver"})}));
  ASSERT_EQ(set.wait(kLinuxPatience), 0) << set.out() << set.err();
  const auto sums = [&](const char* guest) {
    std::vector<std::string> found;
    for (const std::string& line : lines_with(set.out(), guest)) {
      if (line.find("  -") == 32) found.push_back(line);
    }
    return found;
  };
  EXPECT_THAT(sums("sender   | "), SizeIs(1));
  EXPECT_EQ(sums("receiver | "), sums("sender   | "));
  EXPECT_THAT(lines_with(set.out(), "receiver | "), Contains(HasSubstr("02:00:00:00:09:02")));
}

// The process of one end dies and is started again; the guest at the other end goes on.
TEST_F(Network, LinkComesBackWithTheGuestThatDied) {
  const std::string ping = "ping -c 1 -W 2 10.9.0.2 >/dev/null";
  add_guest("ann", "10.9.0.1",
            fmt::format("until {0}; do :; done; echo met; while {0}; do :; done; echo lost; "
                        "until {0}; do :; done; echo met again; sleep 1000",
                        ping),
            "vdev virtio-net name a peer /dev/qvm/bob/b");
  add_guest("bob", "10.9.0.2", "sleep 1000", "vdev virtio-net name b peer /dev/qvm/ann/a");
  BackgroundProgram set(up({"--detach", manifest({"ann", "bob"}, "always")}));
  ASSERT_EQ(set.wait(kLinuxPatience), 0) << set.err();
  BackgroundProgram ann(sandbox_.program({.words = {"console", "ann"}}));
  ASSERT_TRUE(ann.wait_for("met\r\n", kLinuxPatience)) << ann.out();
  const auto listed = nlohmann::json::parse(sandbox_.qvm({"ps", "--json"}).out);
  const pid_t bob = listed.at("vms").at(1).at("pid").get<pid_t>();
  ASSERT_GT(bob, 0) << listed;
  ASSERT_EQ(::kill(bob, SIGKILL), 0);
  ASSERT_TRUE(ann.wait_for("lost\r\n", kLinuxPatience)) << ann.out();
  ASSERT_TRUE(ann.wait_for("met again\r\n", kLinuxPatience)) << ann.out();
  EXPECT_EQ(sandbox_.qvm({"down"}).status, 0);
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_F(Network, UserModeReachesTheHost) {
  const Greeter greeter;
  add_guest("carl", "10.0.2.15", fmt::format("nc -w 20 10.0.2.2 {}", greeter.port()),
            "vdev virtio-net name host peer /dev/vdevpeers/vp0 legacy");
  BackgroundProgram set(
      up({manifest({"carl"}, "no", "host-map: {/dev/vdevpeers/vp0: {user-mode: true}}\n")}));
  ASSERT_EQ(set.wait(kLinuxPatience), 0) << set.out() << set.err();
  EXPECT_THAT(lines_with(set.out(), "carl | "), Contains(HasSubstr("hello from the host")));
}

// A bridge that exists while this object does, with an address of the host's.
class Bridge {
 public:
  Bridge() {
    x_works = run_program({"/sbin/ip", "link", "add", kName, "type", "bridge"}, "").status == 0 &&
              run_program({"/sbin/ip", "addr", "add", "10.9.77.1/24", "dev", kName}, "").status == 0 &&
              run_program({"/sbin/ip", "link", "set", kName, "up"}, "").status == 0;
  }
  ~Bridge() { run_program({"/sbin/ip", "link", "del", kName}, ""); }
  bool works() const { return x_works; }
  static constexpr const char* kName = "qvmtest0";

 private:
  bool x_works = false;
};

TEST_F(Network, BridgeOfTheHostIsReached) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can connect a guest to a bridge";
  const Bridge bridge;
  if (!bridge.works()) GTEST_SKIP() << "no bridge can be made here";
  add_guest("dora", "10.9.77.2", "ping -c 3 10.9.77.1", "vdev virtio-net name host peer /dev/vdevpeers/vp0");
  BackgroundProgram set(up({manifest(
      {"dora"}, "no", fmt::format("host-map: {{/dev/vdevpeers/vp0: {{bridge: {}}}}}\n", Bridge::kName))}));
  ASSERT_EQ(set.wait(kLinuxPatience), 0) << set.out() << set.err();
  EXPECT_THAT(lines_with(set.out(), "dora | "), Contains(HasSubstr("3 packets received")));
}

// libvirt would name them, but neither where they are written nor what to do.
TEST_F(NetworkPlan, DevicesThatTheHostHasNotAreRefusedByTheirPlace) {
  sandbox_.add("left.qvmconf",
               guest_config("left", "idle", {}, "vdev virtio-net name host peer /dev/vdevpeers/vp0\n"));
  const auto refusal = [&](const std::string& network) {
    const std::string manifest = sandbox_.add(
        "system.yaml",
        "vms: {left: {config: left.qvmconf}}\nhost-map:\n  /dev/vdevpeers/vp0: {" + network + "}\n");
    const Answer answer = sandbox_.qvm({"up", "--accel", usual_accelerator(), manifest});
    EXPECT_EQ(answer.status, 64) << answer.err;
    return answer.err;
  };
  EXPECT_THAT(refusal("bridge: qvmnone0"),
              HasSubstr("system.yaml:3:32: bridge 'qvmnone0': there is no such network device: make it"));
  EXPECT_THAT(refusal("bridge: lo"), HasSubstr("system.yaml:3:32: bridge 'lo': it is no bridge: make it"));
  EXPECT_THAT(refusal("tap: qvmnone0"),
              HasSubstr("system.yaml:3:29: tap device 'qvmnone0': there is no such network device: make it"));
  EXPECT_THAT(refusal("network: qvmnone0"), HasSubstr("system.yaml:3:33: "));
  EXPECT_TRUE(sandbox_.nothing_left());
}

// What nothing stands for is told, and the guest runs with an interface that leads nowhere.
TEST_F(Network, InterfaceWithoutANetworkIsThere) {
  add_guest("erna", "10.9.0.1", "ping -c 2 -W 1 10.9.0.2; echo done",
            "vdev virtio-net name host peer /dev/vdevpeers/vp0");
  BackgroundProgram set(up({manifest({"erna"})}));
  ASSERT_EQ(set.wait(kLinuxPatience), 0) << set.out() << set.err();
  EXPECT_THAT(set.err(), HasSubstr("warning: '/dev/vdevpeers/vp0' is a network of a QNX host"));
  EXPECT_THAT(lines_with(set.out(), "erna | "), Contains(HasSubstr("0 packets received")));
  EXPECT_THAT(lines_with(set.out(), "erna | "), Contains(HasSubstr("done")));
}

}  // namespace
}  // namespace qvm::test
