// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Guests that end badly, and what `qvm @file` then says and returns.
#include <filesystem>

#include "tests/system/cli/cli_fixture.h"

namespace qvm::test {
namespace {

using testing::ContainsRegex;
using testing::ElementsAre;
using testing::StartsWith;

class Trouble : public AcceleratedCliTest {
 protected:
  Answer run(const std::string& cmdline, const std::string& more = {},
             const std::vector<std::string>& words = {}) const {
    const std::string file =
        sandbox_.add("trouble.qvmconf", guest_config("trouble", "trouble", cmdline) + more);
    std::vector<std::string> all = {"--accel", GetParam()};
    all.insert(all.end(), words.begin(), words.end());
    all.push_back("@" + file);
    return sandbox_.qvm(all);
  }
};
INSTANTIATE_TEST_SUITE_P(Under, Trouble, testing::Values("tcg", "kvm"), accelerator_name);

TEST_P(Trouble, PanicOfTheGuestIsUnexpected) {
  const Answer answer = run("how=panic");
  EXPECT_EQ(answer.status, 7);
  EXPECT_EQ(answer.out, "trouble: panic\r\n");
  EXPECT_THAT(complaints(answer), ElementsAre("panicked: the guest reported a panic"));
  EXPECT_TRUE(sandbox_.nothing_left());
  // The qvmd that saw it has ended.
  EXPECT_THAT(sandbox_.qvm({"ps"}).out,
              ContainsRegex("trouble +failed .*panicked: the guest reported a panic"));
}

TEST_P(Trouble, SoIsThatOfAnExample) {
  const Answer answer = run("how=nonsense");
  EXPECT_EQ(answer.status, 7);
  EXPECT_EQ(answer.out, "trouble: nonsense\r\npanic: how=?\r\n");
  EXPECT_THAT(complaints(answer), ElementsAre("panicked: the guest reported a panic"));
}

// Under TCG executing what is not there is an exception of the guest's.
class TroubleOfTheHypervisor : public Trouble {};
INSTANTIATE_TEST_SUITE_P(Under, TroubleOfTheHypervisor, testing::Values("kvm"), accelerator_name);

TEST_P(TroubleOfTheHypervisor, WhatCannotBeEmulatedIsUnsupported) {
  const Answer answer = run("how=unsupported");
  EXPECT_EQ(answer.status, 5);
  EXPECT_EQ(answer.out, "trouble: unsupported\r\n");
  EXPECT_THAT(complaints(answer), ElementsAre(StartsWith("unsupported: ")));
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_P(Trouble, WatchdogThatBitesIsTold) {
  const Answer answer = run("how=watchdog", "vdev wdt-ib700\n");
  EXPECT_EQ(answer.status, 4);
  EXPECT_EQ(answer.out, "trouble: watchdog\r\n");
  EXPECT_THAT(complaints(answer), ElementsAre("watchdog: the guest's watchdog bit"));
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_P(Trouble, VdevThatCannotGoOnIsBlamed) {
  sandbox_.add("failing.json", R"({"name": "failing", "documentation": "None.", "object": "vdev-failing.so",
      "default-space": "memory", "location-required": true, "claims": [{"space": "memory", "length": 4096}]})");
  std::filesystem::copy(QVM_BINARY_DIR "/tests/vdevs/vdev-failing.so", sandbox_.directory());
  const Answer answer = run("how=store address=0x1c060000", "vdev failing loc 0x1c060000\n",
                            {"--plugin-dir", sandbox_.directory()});
  EXPECT_EQ(answer.status, 6);
  EXPECT_EQ(answer.out, "trouble: store\r\n");
  EXPECT_THAT(complaints(answer), ElementsAre("device: vdev failing0 (" + sandbox_.directory() +
                                              "/trouble.qvmconf:9:6): the coolant is gone"));
  EXPECT_TRUE(sandbox_.nothing_left());
}

using ConsoleInput = AcceleratedCliTest;
INSTANTIATE_TEST_SUITE_P(Under, ConsoleInput, testing::Values("tcg", "kvm"), accelerator_name);

TEST_P(ConsoleInput, ReachesTheGuestInTheForeground) {
  const std::string file = sandbox_.add("echo.qvmconf", guest_config("echo", "echo"));
  BackgroundProgram qvm(sandbox_.program({.words = {"--accel", GetParam(), "@" + file}}));
  ASSERT_TRUE(qvm.wait_for("echo: say something\r\n")) << qvm.err();
  qvm.type("hello guest\n");
  EXPECT_TRUE(qvm.wait_for("echo: hello guest\r\n")) << qvm.out();
  qvm.type("and\nquit\n");
  EXPECT_EQ(qvm.wait(), 0) << qvm.err();
  EXPECT_TRUE(qvm.wait_for("echo: and\r\necho: quit\r\n"));
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_P(ConsoleInput, ReachesAGuestInTheBackground) {
  const std::string file = sandbox_.add("echo.qvmconf", guest_config("echo", "echo"));
  ASSERT_EQ(sandbox_.qvm({"up", "--detach", "--accel", GetParam(), file}).status, 0);
  BackgroundProgram console(sandbox_.program({.words = {"console", "echo"}}));
  ASSERT_TRUE(console.wait_for("echo: say something\r\n")) << console.err();
  console.type("one\n");
  EXPECT_TRUE(console.wait_for("echo: one\r\n")) << console.out();
  console.type("quit\n");
  EXPECT_EQ(console.wait(), 0) << console.err();
  EXPECT_TRUE(sandbox_.nothing_left_soon());
}

}  // namespace
}  // namespace qvm::test
