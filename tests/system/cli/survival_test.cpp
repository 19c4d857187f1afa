// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// `kill -9` of the daemons in the hello system: neither is needed by guests that run.
#include <csignal>
#include <fstream>
#include <sstream>

#include "tests/system/cli/cli_fixture.h"

namespace qvm::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
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

}  // namespace
}  // namespace qvm::test
