// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Sets whose VMs wait for each other, and VMs that come back, with real guests.
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/system/cli/cli_fixture.h"

namespace qvm::test {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

class Order : public AcceleratedCliTest {
 protected:
  std::string manifest(const std::string& left, const std::string& right) const {
    sandbox_.add("left.qvmconf", guest_config("left", "echo"));
    sandbox_.add("right.qvmconf", guest_config("right", "echo"));
    return sandbox_.add("system.yaml", "vms:\n  left: {config: left.qvmconf, " + left +
                                           "}\n  right: {config: right.qvmconf, " + right + "}\n");
  }
  Answer up(const std::string& file) const {
    return sandbox_.qvm({"up", "--detach", "--accel", GetParam(), file});
  }
  std::string log() const {
    std::ifstream file(sandbox_.runtime() + "/log/qvmd.log");
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  // One VM as `qvm ps` tells it.
  nlohmann::json vm(const std::string& name) const {
    const Answer ps = sandbox_.qvm({"ps", "--json"});
    EXPECT_EQ(schema_violations("ps.schema.json", ps.out), "");
    const auto all = nlohmann::json::parse(ps.out);
    for (const auto& one : all.at("vms")) {
      if (one.at("name") == name) return one;
    }
    return {{"state", "absent"}, {"restarts", 0}};
  }
  // Waits until the VM runs after that many restarts.
  bool runs_after(const std::string& name, unsigned restarts) const {
    const auto end = std::chrono::steady_clock::now() + on_this_host(std::chrono::seconds(30));
    do {
      const auto now = vm(name);
      if (now.at("state") == "running" && now.at("restarts") == restarts) return true;
    } while (std::chrono::steady_clock::now() < end);
    return false;
  }
};
INSTANTIATE_TEST_SUITE_P(Under, Order, testing::Values("tcg", "kvm"), accelerator_name);

TEST_P(Order, ConsoleIsWaitedFor) {
  const std::string file = manifest("depends_on: []", "depends_on: [{vm: left, console: \"say something\"}]");
  const Answer answer = up(file);
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_THAT(log(), HasSubstr("VM 'right': need not wait any more for the console of VM 'left' to show"));
  EXPECT_EQ(sandbox_.qvm({"down"}).status, 0);
  const std::string text = log();
  EXPECT_LT(text.find("VM 'right': has ended"), text.find("VM 'left': has ended"));
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_P(Order, WhatIsWaitedForInVainIsNamedAndNothingIsLeft) {
  const std::string file =
      manifest("restart: no", "depends_on: [{vm: left, console: \"no such text\", timeout: 700ms}]");
  const Answer answer = up(file);
  EXPECT_EQ(answer.status, 64);
  EXPECT_THAT(complaints(answer),
              testing::Contains("VM 'right' is not started: it waited 700 ms for the console of VM 'left' to "
                                "show 'no such text'"));
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_P(Order, RegionIsWaitedForUntilItHasClients) {
  const std::string hello = std::string(kExamples) + "hello/";
  const std::string file = sandbox_.add(
      "system.yaml", "vms:\n  left: {config: " + hello + "left.qvmconf}\n  right: {config: " + hello +
                         "right.qvmconf, depends_on: [{region: moo, clients: 1}]}\n");
  const Answer answer = sandbox_.qvm({"up", "--accel", GetParam(), file});
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_THAT(answer.out, HasSubstr("right | * waiting for region 'moo' to have 1 client\n"));
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_P(Order, GuestThatPanicsComesBackAndIsGivenUp) {
  sandbox_.add("trouble.qvmconf", guest_config("trouble", "trouble", "how=panic"));
  const std::string file = sandbox_.add("system.yaml",
                                        "vms:\n  trouble:\n    config: trouble.qvmconf\n"
                                        "    restart: {policy: on-failure, max-restarts: 2, delay: 100ms}\n");
  const Answer answer = sandbox_.qvm({"up", "--accel", GetParam(), file});
  EXPECT_EQ(answer.status, 7) << answer.err;
  EXPECT_THAT(lines_with(answer.out, "trouble | trouble: "), SizeIs(3)) << answer.out;
  EXPECT_THAT(answer.out,
              testing::ContainsRegex("\\* restarting in [0-2] s: panicked: the guest reported a panic\n"));
  EXPECT_THAT(answer.out,
              HasSubstr("* panicked: the guest reported a panic; given up after 2 restarts in a row\n"));
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_P(Order, VmThatIsKilledComesBackAlsoWithoutQvmd) {
  ASSERT_EQ(up(manifest("restart: {policy: on-failure, delay: 100ms}", "depends_on: [left]")).status, 0);
  const auto kill = [this](const std::string& name) {
    const pid_t pid = vm(name).at("pid").get<pid_t>();
    if (pid <= 0)
      return testing::AssertionFailure() << name << " does not run";  // kill(0) would end the test
    ::kill(pid, SIGKILL);
    return sandbox_.wait_for_end({pid});
  };
  ASSERT_TRUE(kill("left"));
  EXPECT_TRUE(runs_after("left", 1));

  const pid_t pid = vm("left").at("pid").get<pid_t>();
  ASSERT_GT(pid, 0) << log();
  const std::vector<pid_t> qvmd = sandbox_.processes("qvmd");
  for (const pid_t one : qvmd) ::kill(one, SIGKILL);
  ASSERT_TRUE(sandbox_.wait_for_end(qvmd));
  ::kill(pid, SIGKILL);
  ASSERT_TRUE(sandbox_.wait_for_end({pid}));
  EXPECT_TRUE(runs_after("left", 2)) << log();
  EXPECT_EQ(vm("right").at("restarts"), 0);
  EXPECT_EQ(sandbox_.qvm({"down"}).status, 0);
  EXPECT_TRUE(sandbox_.nothing_left());
}

}  // namespace
}  // namespace qvm::test
