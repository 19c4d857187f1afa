// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// `kill -9` of the daemons in the hello system: neither is needed by guests that run.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/own_mounts.h"
#include "tests/system/cli/cli_fixture.h"

namespace qvm::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::UnorderedElementsAreArray;

std::string words_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/cmdline", std::ios::binary);
  std::stringstream words;
  words << file.rdbuf();
  return words.str();
}

// Both guests are attached, have talked to each other and wait for the host program.
class Survival : public CliTest {
 protected:
  Survival()
      : x_up(sandbox_.program(
            {.words = {"up", "--accel", usual_accelerator(), std::string(kExamples) + "hello/three.yaml"}})) {
    EXPECT_TRUE(x_up.wait_for("(right) whispers: only you are poked")) << x_up.out() << x_up.err();
    EXPECT_TRUE(x_up.wait_for("(left) whispers: only you are poked")) << x_up.out() << x_up.err();
    EXPECT_TRUE(sandbox_.wait_until_started("left"));
    EXPECT_TRUE(sandbox_.wait_until_started("right"));
  }

  void kill_all(const std::vector<pid_t>& processes) const {
    ASSERT_FALSE(processes.empty());
    for (const pid_t pid : processes) ::kill(pid, SIGKILL);
    EXPECT_TRUE(sandbox_.wait_for_end(processes));
  }
  // Without the keeper of its descriptors, which has another life.
  std::vector<pid_t> region_manager() const {
    std::vector<pid_t> found;
    for (const pid_t pid : sandbox_.processes("qvm-regiond")) {
      if (words_of(pid).find("--keeper") == std::string::npos) found.push_back(pid);
    }
    return found;
  }

  // The host program comes, all three talk, and everybody leaves.
  void expect_a_good_end() {
    BackgroundProgram host({.words = {std::string(kPrograms) + "hello-host", "--wait"},
                            .environment = {{"QVM_RUNTIME_DIR", sandbox_.runtime()}}});
    EXPECT_EQ(host.wait(), 0) << host.err();
    EXPECT_THAT(host.out(), HasSubstr("(left) says: hello, I am left\n"));
    EXPECT_THAT(host.out(), HasSubstr("(right) says: hello, I am right\n"));
    EXPECT_THAT(host.out(), EndsWith("all others have left, detaching from 'moo'\n"));
    EXPECT_EQ(x_up.wait(), 0) << x_up.out() << x_up.err();
    EXPECT_THAT(x_up.out(), HasSubstr("left  | heard everybody, detached from 'moo'\n"));
    EXPECT_THAT(x_up.out(), HasSubstr("right | heard everybody, detached from 'moo'\n"));
    EXPECT_TRUE(sandbox_.nothing_left());
  }

  BackgroundProgram x_up;
};

TEST_F(Survival, OfTheEndOfTheRegionManager) {
  kill_all(region_manager());
  expect_a_good_end();
}

TEST_F(Survival, OfTheEndOfTheSupervisor) {
  kill_all(sandbox_.processes("qvmd"));
  expect_a_good_end();
}

// The guests power off while nobody listens to their VMs.
TEST_F(Survival, OfAPowerOffThatNobodyHeardOf) {
  const std::vector<pid_t> supervisor = sandbox_.processes("qvmd");
  for (const pid_t pid : supervisor) ::kill(pid, SIGSTOP);
  BackgroundProgram host({.words = {std::string(kPrograms) + "hello-host", "--wait"},
                          .environment = {{"QVM_RUNTIME_DIR", sandbox_.runtime()}}});
  EXPECT_EQ(host.wait(), 0) << host.err();
  EXPECT_TRUE(x_up.wait_for("left  | heard everybody")) << x_up.out();
  EXPECT_TRUE(x_up.wait_for("right | heard everybody")) << x_up.out();
  std::this_thread::sleep_for(on_this_host(std::chrono::milliseconds(200)));
  kill_all(supervisor);
  EXPECT_EQ(x_up.wait(), 0) << x_up.out() << x_up.err();
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_F(Survival, OfTheEndOfBoth) {
  kill_all(region_manager());
  kill_all(sandbox_.processes("qvmd"));
  expect_a_good_end();
}

TEST_F(Survival, LetsANewSupervisorFindTheVms) {
  // Nobody is there who would start another one.
  x_up.signal(SIGKILL);
  EXPECT_EQ(x_up.wait(), 128 + SIGKILL);
  const std::vector<pid_t> machines = sandbox_.processes(kQemu);
  kill_all(sandbox_.processes("qvmd"));
  EXPECT_THAT(sandbox_.processes(kQemu), UnorderedElementsAreArray(machines));

  const std::string list = sandbox_.qvm({"ps"}).out;
  for (const pid_t pid : machines) EXPECT_THAT(list, HasSubstr(" " + std::to_string(pid) + " "));
  const Answer down = sandbox_.qvm({"down"});
  EXPECT_EQ(down.status, 0) << down.err;
  EXPECT_EQ(down.out, "left: stopped\nright: stopped\n");
  EXPECT_TRUE(sandbox_.nothing_left());
}

// The file system of the runtime directory is a small one of its own.
class SurvivalOfAFullDisk : public CliTest {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(sandbox_.runtime());
    if (!mounts_.begin() || !mounts_.mount_empty(sandbox_.runtime(), 0, "size=16m"))
      GTEST_SKIP() << "no small file system can be mounted here";
  }
  void fill() const {
    std::ofstream file(filler(), std::ios::binary);
    const std::string piece(4096, 'x');
    while (file.write(piece.data(), static_cast<std::streamsize>(piece.size())).flush()) {
    }
  }
  std::string filler() const { return sandbox_.runtime() + "/filler"; }
  OwnMounts mounts_;
};

// libvirt ends what it cannot take over for want of room.
TEST_F(SurvivalOfAFullDisk, NoVmIsTakenOverBeforeThereIsRoom) {
  const Answer up = sandbox_.qvm(
      {"up", "--detach", "--accel", usual_accelerator(), std::string(kExamples) + "hello/three.yaml"});
  ASSERT_EQ(up.status, 0) << up.err;
  const std::vector<pid_t> machines = sandbox_.processes(kQemu);
  fill();
  const std::vector<pid_t> supervisor = sandbox_.processes("qvmd");
  for (const pid_t pid : supervisor) ::kill(pid, SIGKILL);
  ASSERT_TRUE(sandbox_.wait_for_end(supervisor));
  const std::string why = "libvirt would end the VMs that run: there is no room";
  EXPECT_THAT(sandbox_.listed(why), HasSubstr(why));
  std::filesystem::remove(filler());
  Answer after = sandbox_.qvm({"ps"});
  for (int i = 0; i < 100 && after.out.find("foreign") != std::string::npos; ++i) {
    std::this_thread::sleep_for(on_this_host(std::chrono::milliseconds(100)));
    after = sandbox_.qvm({"ps"});
  }
  EXPECT_THAT(after.out, Not(HasSubstr("foreign")));
  EXPECT_THAT(sandbox_.processes(kQemu), UnorderedElementsAreArray(machines));
  EXPECT_EQ(sandbox_.qvm({"down"}).out, "left: stopped\nright: stopped\n");
  EXPECT_TRUE(sandbox_.nothing_left());
}

// Whoever asks is answered, and soon, also about a process that says nothing.
class SurvivalOfSilence : public Survival {
 protected:
  SurvivalOfSilence() {
    for (const pid_t pid : sandbox_.processes(kQemu)) ::kill(pid, SIGSTOP);
  }
  ~SurvivalOfSilence() override {
    for (const pid_t pid : sandbox_.processes(kQemu)) ::kill(pid, SIGKILL);
  }
  void expect_told() const {
    const auto asked = std::chrono::steady_clock::now();
    const Answer list = sandbox_.qvm({"ps"});
    EXPECT_LT(std::chrono::steady_clock::now() - asked, on_this_host(std::chrono::seconds(5)));
    EXPECT_THAT(list.out, HasSubstr("left "));
    EXPECT_THAT(list.out, HasSubstr("right "));
  }
};

TEST_F(SurvivalOfSilence, TellsOfVmsWhoseProcessesAreStopped) {
  expect_told();
  kill_all(sandbox_.processes("qvmd"));
  expect_told();
}

TEST_F(SurvivalOfSilence, EndsTheSupervisorWhenItIsAskedTo) {
  const std::vector<pid_t> supervisor = sandbox_.processes("qvmd");
  const std::vector<pid_t> machines = sandbox_.processes(kQemu);
  // Somebody waits for both guests to power off, which they cannot.
  BackgroundProgram down(sandbox_.program({.words = {"down", "--timeout", "60"}}));
  while (sandbox_.qvm({"ps"}).out.find("stopping") == std::string::npos &&
         down.wait(std::chrono::milliseconds(0)) == BackgroundProgram::kStillRunning) {
  }
  for (const pid_t pid : supervisor) ::kill(pid, SIGTERM);
  EXPECT_TRUE(sandbox_.wait_for_end(supervisor));
  EXPECT_THAT(sandbox_.processes(kQemu), UnorderedElementsAreArray(machines));
  down.signal(SIGKILL);
  x_up.signal(SIGKILL);
}

TEST_F(SurvivalOfSilence, StopsThem) {
  const Answer down = sandbox_.qvm({"down", "--timeout", "1"});
  EXPECT_EQ(down.status, 0) << down.err;
  EXPECT_EQ(x_up.wait(), 0) << x_up.err();
  EXPECT_TRUE(sandbox_.nothing_left());
}

// The release before this one, or the next, has written the record.
TEST_F(Survival, OfARecordThatCannotBeUsed) {
  x_up.signal(SIGKILL);
  EXPECT_EQ(x_up.wait(), 128 + SIGKILL);
  const std::vector<pid_t> machines = sandbox_.processes(kQemu);
  kill_all(sandbox_.processes("qvmd"));
  std::ofstream(sandbox_.runtime() + "/vm/left/plan.json")
      << R"({"version":1,"set":"1-1","since":1,"start":"{}"})";

  const std::string list = sandbox_.qvm({"ps"}).out;
  EXPECT_THAT(list, testing::ContainsRegex("left +foreign"));
  EXPECT_THAT(list, HasSubstr("left as it is, because another release of qvm has started it"));
  EXPECT_EQ(schema_violations("ps.schema.json", sandbox_.qvm({"ps", "--json"}).out), "");
  for (const pid_t pid : machines) EXPECT_THAT(list, HasSubstr(" " + std::to_string(pid) + " "));
  EXPECT_THAT(sandbox_.processes(kQemu), UnorderedElementsAreArray(machines));
  // Both guests are still attached.
  EXPECT_THAT(sandbox_.qvm({"regions"}).out, AllOf(HasSubstr("left"), HasSubstr("right")));
  EXPECT_EQ(sandbox_.qvm({"down"}).status, 0);
  EXPECT_TRUE(sandbox_.nothing_left());
}

// As a user's own goes with the session.
TEST_F(Survival, EndsWithItsRuntimeDirectory) {
  const std::vector<pid_t> all = sandbox_.processes();
  std::filesystem::remove_all(sandbox_.runtime());
  EXPECT_TRUE(sandbox_.wait_for_end(all, std::chrono::seconds(20)));
  EXPECT_NE(x_up.wait(), BackgroundProgram::kStillRunning);
}

// The directory stays, but the next qvmd would find neither this one nor its VMs.
TEST_F(Survival, EndsIfItsRuntimeDirectoryIsEmptied) {
  const std::vector<pid_t> all = sandbox_.processes();
  for (const auto& entry : std::filesystem::directory_iterator(sandbox_.runtime()))
    std::filesystem::remove_all(entry);
  EXPECT_TRUE(sandbox_.wait_for_end(all, std::chrono::seconds(20)));
  EXPECT_NE(x_up.wait(), BackgroundProgram::kStillRunning);
}

TEST_F(Survival, ASupervisorThatStandsStillKeepsNobodyWaiting) {
  const std::string file = sandbox_.add("other.qvmconf", guest_config("other", "idle"));
  const std::vector<pid_t> supervisor = sandbox_.processes("qvmd");
  for (const pid_t pid : supervisor) ::kill(pid, SIGSTOP);
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"up", "--accel", usual_accelerator(), file},
        std::vector<std::string>{"--accel", usual_accelerator(), "@" + file},
        std::vector<std::string>{"ps"}}) {
    BackgroundProgram other(sandbox_.program({.words = words}));
    for (int i = 0; i < 200 && other.err().empty(); ++i) {
      ASSERT_EQ(other.wait(std::chrono::milliseconds(100)), BackgroundProgram::kStillRunning) << other.err();
    }
    other.signal(SIGINT);
    EXPECT_EQ(other.wait(), 128 + SIGINT) << other.err();
    EXPECT_THAT(other.err(),
                testing::MatchesRegex("qvm: qvmd \\(process [0-9]+\\) does not answer; it is waited for\n"));
  }
  for (const pid_t pid : supervisor) ::kill(pid, SIGCONT);
  expect_a_good_end();
}

using Supervisors = CliTest;

// A new one does not know whom the one before has seen to the end.
TEST_F(Supervisors, NextOneIsAskedForThoseThatAreLeft) {
  sandbox_.add("stays.qvmconf", guest_config("stays", "idle"));
  sandbox_.add("goes.qvmconf", guest_config("goes", "boot-check"));
  BackgroundProgram up(sandbox_.program(
      {.words = {"up", "--accel", usual_accelerator(),
                 sandbox_.add("s.yaml",
                              "vms: {stays: {config: stays.qvmconf}, goes: {config: goes.qvmconf}}\n")}}));
  ASSERT_TRUE(up.wait_for("goes  | * powered off")) << up.out() << up.err();
  ASSERT_TRUE(sandbox_.wait_until_started("stays"));
  const std::vector<pid_t> before = sandbox_.processes("qvmd");
  for (const pid_t pid : before) ::kill(pid, SIGKILL);
  EXPECT_TRUE(sandbox_.wait_for_end(before));
  EXPECT_THAT(sandbox_.listed("running"), HasSubstr("running"));
  EXPECT_EQ(up.wait(std::chrono::seconds(1)), BackgroundProgram::kStillRunning) << up.err();
  up.signal(SIGINT);
  EXPECT_EQ(up.wait(), 128 + SIGINT) << up.err();
  EXPECT_THAT(up.err(), Not(HasSubstr("there is no VM")));
  EXPECT_TRUE(sandbox_.nothing_left());
}

}  // namespace
}  // namespace qvm::test
