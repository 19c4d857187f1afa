// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// `qvm up`: what it refuses, what it takes back, and what Ctrl-C leaves: nothing.
#include <csignal>
#include <thread>

#include "tests/system/cli/cli_fixture.h"

namespace qvm::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Up : public CliTest {
 protected:
  std::string idle(const std::string& name) const {
    return sandbox_.add(name + ".qvmconf", guest_config(name, "idle"));
  }
  // Its vdev loads nowhere.
  std::string broken(const std::string& name) const {
    sandbox_.add("ghost.json", R"({"name": "ghost", "documentation": "None.", "object": "vdev-ghost.so",
        "default-space": "memory", "location-required": true, "claims": [{"space": "memory", "length": 4096}]})");
    return sandbox_.add(name + ".qvmconf", guest_config(name, "idle") + "vdev ghost loc 0x1c060000\n");
  }
};

TEST_F(Up, StartsNothingOfASetWithAnError) {
  const std::string bad = sandbox_.add("bad.qvmconf", guest_config("bad", "idle", "", "ramm 64M\n"));
  const Answer answer = sandbox_.qvm({"up", "--accel", usual_accelerator(), idle("good"), bad});
  EXPECT_EQ(answer.status, 65);
  EXPECT_EQ(answer.out, "");
  EXPECT_THAT(answer.err, HasSubstr(bad + ":6:1: error: unknown option 'ramm'"));
  EXPECT_THAT(complaints(answer), ElementsAre("1 error; nothing was started"));
  EXPECT_THAT(sandbox_.processes(), IsEmpty());
}

TEST_F(Up, TellsOfWarningsAndNotOfInformation) {
  const std::string file = idle("quiet");
  EXPECT_THAT(sandbox_.qvm({"plan", "--accel", usual_accelerator(), file}).err, HasSubstr(": info: "));
  const Answer answer = sandbox_.qvm({"up", "--accel", usual_accelerator(), file, "--detach"});
  EXPECT_EQ(answer.status, 0);
  EXPECT_EQ(answer.err, "");
  EXPECT_EQ(sandbox_.qvm({"down"}).status, 0);
}

TEST_F(Up, RefusesADeviceItCannotProvideWithOneMessage) {
  const std::string file =
      sandbox_.add("screen.qvmconf",
                   "system screen\nram 0,0xa0000\nram 1M,63M\nvdev virtio-gpu scanout-display 1\ndebug\n");
  const Answer answer = sandbox_.qvm({"up", "--accel", usual_accelerator(), file});
  EXPECT_EQ(answer.status, 65);
  const std::string message = ":4:6: error: a VM with vdev 'virtio-gpu' cannot be started here [plan-device]";
  EXPECT_THAT(answer.err, HasSubstr(message));
  EXPECT_THAT(answer.err, Not(HasSubstr("A23")));
  EXPECT_THAT(answer.err, Not(HasSubstr("info:")));
  EXPECT_THAT(answer.err, HasSubstr("nothing was started"));
}

TEST_F(Up, LeavesAVmOfThatNameAlone) {
  const std::string first = idle("first");
  ASSERT_EQ(sandbox_.qvm({"up", "--detach", "--accel", usual_accelerator(), first}).status, 0);
  const std::vector<pid_t> machines = sandbox_.processes(kQemu);
  ASSERT_EQ(machines.size(), 1U);

  const Answer set = sandbox_.qvm({"up", "--accel", usual_accelerator(), first, idle("second")});
  EXPECT_EQ(set.status, 64);
  EXPECT_EQ(set.out, "");
  EXPECT_EQ(set.err, "qvm: a VM 'first' is running already (pid " + std::to_string(machines.front()) +
                         "): stop it with 'qvm down first', or give this one another name\n");
  const Answer single = sandbox_.qvm({"--accel", usual_accelerator(), "@" + first});
  EXPECT_EQ(single.status, 64);
  EXPECT_EQ(single.err, set.err);

  EXPECT_EQ(sandbox_.processes(kQemu), machines);
  EXPECT_EQ(sandbox_.qvm({"down", "first"}).out, "first: stopped\n");
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_F(Up, TakesBackWhatItHasStartedOfASetThatCannotStart) {
  const Answer answer = sandbox_.qvm({"up", "--accel", usual_accelerator(), "--plugin-dir",
                                      sandbox_.directory(), idle("one"), broken("two"), idle("three")});
  EXPECT_EQ(answer.status, 64);
  EXPECT_THAT(complaints(answer), ElementsAre(HasSubstr("VM 'two': vdev ghost0")));
  EXPECT_THAT(answer.out, Not(HasSubstr("powered off")));
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_F(Up, DryrunOfOneIsADryrunOfAll) {
  const std::string dry = sandbox_.add("dry.qvmconf", guest_config("dry", "idle", "", "dryrun\n"));
  const Answer answer = sandbox_.qvm({"up", "--accel", usual_accelerator(), idle("wet"), dry});
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_EQ(answer.out, "Exiting: dryrun completed\n");
  EXPECT_TRUE(sandbox_.nothing_left());
}

// In order, as at a power-off of its guest, which it is not.
TEST_F(Up, TellsOfAVmWhoseProcessIsToldToEnd) {
  BackgroundProgram up(sandbox_.program({.words = {"up", "--accel", usual_accelerator(), idle("one")}}));
  ASSERT_TRUE(up.wait_for("one | idle\n")) << up.err();
  const std::vector<pid_t> machines = sandbox_.processes(kQemu);
  ASSERT_EQ(machines.size(), 1U);
  ::kill(machines[0], SIGTERM);
  EXPECT_EQ(up.wait(), 96);
  EXPECT_THAT(up.out(), HasSubstr("died: a signal told its QEMU process to end\n"));
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_F(Up, TellsOfAVmThatIsKilledAndWaitsForTheOthers) {
  BackgroundProgram up(
      sandbox_.program({.words = {"up", "--accel", usual_accelerator(), idle("one"), idle("two")}}));
  ASSERT_TRUE(up.wait_for("one | idle\n")) << up.err();
  ASSERT_TRUE(up.wait_for("two | idle\n")) << up.err();
  const std::vector<pid_t> machines = sandbox_.processes(kQemu);
  ASSERT_EQ(machines.size(), 2U);
  ::kill(machines[0], SIGKILL);
  EXPECT_TRUE(up.wait_for("died: its QEMU process was killed by signal 9 (Killed)\n")) << up.out();
  EXPECT_THAT(sandbox_.processes(kQemu), ElementsAre(machines[1]));
  EXPECT_EQ(sandbox_.qvm({"down"}).status, 0);
  EXPECT_EQ(up.wait(), 96);
  // Of two commands that end at the same time each may think that the other one is still there.
  EXPECT_TRUE(sandbox_.nothing_left_soon());
}

// How many milliseconds after the command Ctrl-C comes.
class UpInterrupted : public testing::TestWithParam<int> {
 protected:
  QvmSandbox sandbox_;
};
INSTANTIATE_TEST_SUITE_P(After, UpInterrupted, testing::Values(0, 20, 50, 100, 200, 400));

TEST_P(UpInterrupted, LeavesNothing) {
  const std::string one = sandbox_.add("one.qvmconf", guest_config("one", "idle"));
  const std::string two = sandbox_.add("two.qvmconf", guest_config("two", "idle"));
  BackgroundProgram up(sandbox_.program({.words = {"up", "--accel", usual_accelerator(), one, two}}));
  // Not to wait for anything: the moment itself is what is tried.
  std::this_thread::sleep_for(std::chrono::milliseconds(GetParam()));
  up.signal(SIGINT);
  EXPECT_EQ(up.wait(), 130) << up.err();
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_F(Up, IsInterruptedWhileTheGuestsRun) {
  BackgroundProgram up(
      sandbox_.program({.words = {"up", "--accel", usual_accelerator(), idle("one"), idle("two")}}));
  ASSERT_TRUE(up.wait_for("one | idle\n")) << up.err();
  ASSERT_TRUE(up.wait_for("two | idle\n")) << up.err();
  up.signal(SIGINT);
  EXPECT_EQ(up.wait(), 130);
  EXPECT_THAT(lines_with(up.out(), "one | "), Contains("* stopped"));
  EXPECT_THAT(lines_with(up.out(), "two | "), Contains("* stopped"));
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_F(Up, LeavesTheVmsToDownWhenItIsKilled) {
  BackgroundProgram up(sandbox_.program({.words = {"up", "--accel", usual_accelerator(), idle("one")}}));
  ASSERT_TRUE(up.wait_for("one | idle\n")) << up.err();
  ASSERT_TRUE(sandbox_.wait_until_started("one"));
  // Once qvmd answers anybody it has told us, too.
  EXPECT_EQ(sandbox_.qvm({"ps"}).status, 0);
  up.signal(SIGKILL);
  EXPECT_EQ(up.wait(), 128 + SIGKILL);
  EXPECT_THAT(sandbox_.qvm({"ps"}).out, HasSubstr("one   running "));
  EXPECT_EQ(sandbox_.qvm({"down"}).out, "one: stopped\n");
  EXPECT_TRUE(sandbox_.nothing_left());
}

}  // namespace
}  // namespace qvm::test
