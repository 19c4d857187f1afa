// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Regions without VMs, before VMs and after them.
#include <chrono>

#include "tests/system/cli/cli_fixture.h"

namespace qvm::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

class RegionsAlone : public CliTest {
 protected:
  std::string manifest(const std::string& regions) const {
    return sandbox_.add("system.yaml", "regions:\n" + regions);
  }
  BackgroundProgram host(const std::vector<std::string>& words,
                         const std::string& program = "hello-host") const {
    ProgramStart start{.words = {kPrograms + program},
                       .environment = {{"QVM_RUNTIME_DIR", sandbox_.runtime()}}};
    start.words.insert(start.words.end(), words.begin(), words.end());
    return BackgroundProgram(start);
  }
  // Who alone in a region says nothing.
  bool is_in_region(const std::string& who) const {
    for (int i = 0; i < 200; ++i) {
      if (sandbox_.qvm({"regions"}).out.find(":" + who) != std::string::npos) return true;
      ::usleep(50'000);
    }
    return false;
  }
};

TEST_F(RegionsAlone, AreThereUntilAskedToGo) {
  BackgroundProgram up(
      sandbox_.program({.words = {"up", manifest("  moo: {size: 64KiB, mode: \"0600\"}\n")}}));
  ASSERT_TRUE(up.wait_for("region 'moo' is there, 65536 bytes\n")) << up.err();
  EXPECT_THAT(sandbox_.qvm({"regions"}).out, HasSubstr("moo                                 64K  0600"));
  EXPECT_THAT(sandbox_.qvm({"regions", "explain", "moo"}).out,
              EndsWith("granted read-write, status 0 (ok)\n"));
  EXPECT_EQ(sandbox_.processes("qvmd"), std::vector<pid_t>()) << "nobody needs it";
  up.signal(SIGINT);
  EXPECT_EQ(up.wait(), 128 + SIGINT) << up.err();
  EXPECT_TRUE(sandbox_.nothing_left_soon());
}

TEST_F(RegionsAlone, AreLeftToDown) {
  const std::string both = manifest("  moo: {size: 64KiB}\n  far: {size: 1MiB}\n");
  const Answer up = sandbox_.qvm({"up", "--detach", both});
  EXPECT_EQ(up.status, 0) << up.err;
  const Answer again = sandbox_.qvm({"up", "--detach", both});
  EXPECT_EQ(again.status, 64);
  EXPECT_THAT(again.err, HasSubstr("exists already; a manifest that is up has it (" + both + ":2:3)"));
  EXPECT_THAT(sandbox_.qvm({"regions"}).out, HasSubstr("far"));
  const Answer down = sandbox_.qvm({"down"});
  EXPECT_EQ(down.status, 0) << down.err;
  EXPECT_EQ(down.out, "region 'moo': removed\nregion 'far': removed\n");
  EXPECT_EQ(sandbox_.qvm({"down"}).out, "no VM is running\n");
  EXPECT_TRUE(sandbox_.nothing_left_soon());
}

TEST_F(RegionsAlone, AreMadeAllOrNone) {
  BackgroundProgram first = host({"--region", "far", "--pages", "17"});
  ASSERT_TRUE(first.wait_for("attached to 'far'")) << first.err();
  const Answer up = sandbox_.qvm({"up", manifest("  moo: {size: 64KiB}\n  far: {size: 1MiB}\n")});
  EXPECT_EQ(up.status, 64);
  EXPECT_THAT(up.err, HasSubstr("exists already; a host program of uid "));
  EXPECT_THAT(up.err, HasSubstr("it goes when these have left: host program 'hello-host' (pid " +
                                std::to_string(first.pid()) + ")"));
  EXPECT_THAT(sandbox_.qvm({"regions"}).out, Not(HasSubstr("moo")));
  first.signal(SIGTERM);
  first.wait();
  EXPECT_TRUE(sandbox_.nothing_left_soon());
}

// A host program comes first, systems come and go, and it goes on.
TEST_F(RegionsAlone, OutliveSystems) {
  BackgroundProgram chat = host({"far"}, "qvm-chat");
  ASSERT_TRUE(is_in_region("qvm-chat")) << chat.err();
  const std::string guest = "    config: " + std::string(kExamples) + "hello/";
  const std::string system = sandbox_.add(
      "system.yaml", "vms:\n  left:\n" + guest + "left.qvmconf\n  right:\n" + guest + "right.qvmconf\n");
  for (int time = 0; time < 2; ++time) {
    const Answer up = sandbox_.qvm({"up", "--accel", usual_accelerator(), system});
    EXPECT_EQ(up.status, 0) << up.err;
    EXPECT_THAT(lines_with(up.out, "left  | "), testing::Contains("heard everybody, detached from 'moo'"));
    EXPECT_THAT(sandbox_.qvm({"regions"}).out, HasSubstr("0:qvm-chat"));
  }
  // A qvmd that ends does not wait for a region manager that stays.
  const Answer detached = sandbox_.qvm({"up", "--detach", "--accel", usual_accelerator(), system});
  EXPECT_EQ(detached.status, 0) << detached.err;
  EXPECT_EQ(sandbox_.qvm({"down", "--timeout", "0"}).status, 0);
  EXPECT_TRUE(sandbox_.wait_for_end(sandbox_.processes("qvmd"), std::chrono::seconds(1)));
  EXPECT_FALSE(sandbox_.processes("qvm-regiond").empty());
  chat.signal(SIGTERM);
  chat.wait();
  EXPECT_TRUE(sandbox_.nothing_left_soon());
}

TEST_F(RegionsAlone, BecomeTheManifestsWhoseOwnerMadeThem) {
  BackgroundProgram chat = host({"moo"}, "qvm-chat");
  ASSERT_TRUE(is_in_region("qvm-chat")) << chat.err();
  // As it makes one: a page for each of 16 clients.
  const Answer up = sandbox_.qvm({"up", "--detach", manifest("  moo: {size: 64KiB}\n")});
  EXPECT_EQ(up.status, 0) << up.err;
  chat.signal(SIGTERM);
  chat.wait();
  EXPECT_THAT(sandbox_.qvm({"regions"}).out, HasSubstr("moo")) << "the manifest holds it";
  EXPECT_EQ(sandbox_.qvm({"down"}).out, "region 'moo': removed\n");
  EXPECT_TRUE(sandbox_.nothing_left_soon());
}

// A VM has room for what the others of its set and the manifest bring, if its rules let it attach to that.
TEST(RegionsOfASet, HaveRoomInTheWindowsOfItsVms) {
  const QvmSandbox sandbox;
  const auto add = [&](const std::string& name, const std::string& options) {
    sandbox.add(
        name + ".qvmconf",
        "system " + name + "\nram 64M\nload \"$env{QVM_GUESTS}/idle.elf\"\nvdev shmem " + options + "\n");
  };
  add("left", "create big,700M");
  add("other", "allow small");
  add("right", "create big,700M");  // whoever comes first makes it
  const std::string manifest =
      sandbox.add("system.yaml",
                  "vms:\n  left: {config: left.qvmconf}\n  other: {config: other.qvmconf}\n"
                  "  right: {config: right.qvmconf}\nregions: {moo: {size: 299MiB, huge-pages: require}, "
                  "small: {size: 4KiB}}\n");
  const Answer plan = sandbox.qvm({"plan", "--accel", "tcg", manifest});
  EXPECT_EQ(plan.status, 0) << plan.err;
  std::vector<std::string> windows;
  for (const std::string& line : lines_with(plan.out, "  0x0080000000  "))
    windows.push_back(line.substr(0, 12));
  // 1005 MiB, whole MiB of all three; and the usual 256 MiB.
  EXPECT_THAT(windows, testing::ElementsAre("0x00becfffff", "0x008fffffff", "0x00becfffff"));
}

}  // namespace
}  // namespace qvm::test
