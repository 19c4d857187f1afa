// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The hello system, from one command to an empty runtime directory.
#include "tests/system/cli/cli_fixture.h"
#include "tests/system/cli/conversation.h"

namespace qvm::test {
namespace {

using testing::Contains;
using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

using HelloSystem = AcceleratedCliTest;
INSTANTIATE_TEST_SUITE_P(Under, HelloSystem, testing::Values("tcg", "kvm"), accelerator_name);

std::string example(const std::string& file) {
  return std::string(kExamples) + "hello/" + file;
}

TEST_P(HelloSystem, RunsFromItsManifest) {
  const Answer answer = sandbox_.qvm({"up", "--accel", GetParam(), example("system.yaml")});
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_EQ(answer.err, "");
  expect_conversation(answer.out, "left  | ", "left", "right");
  expect_conversation(answer.out, "right | ", "right", "left");
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_P(HelloSystem, RunsWithoutAManifest) {
  const Answer answer =
      sandbox_.qvm({"up", "--accel", GetParam(), example("left.qvmconf"), example("right.qvmconf")});
  EXPECT_EQ(answer.status, 0) << answer.err;
  expect_conversation(answer.out, "left  | ", "left", "right");
  expect_conversation(answer.out, "right | ", "right", "left");
  EXPECT_TRUE(sandbox_.nothing_left());
}

// One guest finds its device at an address, the other on PCI, beside a second one.
TEST_P(HelloSystem, RunsWithDevicesOnPci) {
  const std::string right =
      sandbox_.add("right.qvmconf",
                   "system right\nram 64M\ncpu\nload \"$env{QVM_GUESTS}/hello.elf\"\n"
                   "cmdline \"name=right peer=left region=moo peers=2 shm=pci\"\n"
                   "vdev ioapic loc 0xfec00000 intr apic name myioapic\nvdev ser8250 intr myioapic:4\n"
                   "vdev shmem loc pci:0:3\n  allow moo\nvdev shmem\n");
  const Answer answer = sandbox_.qvm({"up", "--accel", GetParam(), example("left.qvmconf"), right});
  EXPECT_EQ(answer.status, 0) << answer.err;
  expect_conversation(answer.out, "left  | ", "left", "right");
  expect_conversation(answer.out, "right | ", "right", "left");
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_P(HelloSystem, TakesAHostProgramIn) {
  BackgroundProgram host({.words = {std::string(kPrograms) + "hello-host"},
                          .environment = {{"QVM_RUNTIME_DIR", sandbox_.runtime()}}});
  const Answer answer = sandbox_.qvm({"up", "--accel", GetParam(), example("three.yaml")});
  EXPECT_EQ(answer.status, 0) << answer.err;
  expect_conversation(answer.out, "left  | ", "left", "right");
  expect_conversation(answer.out, "right | ", "right", "left");
  for (const char* guest : {"left  | ", "right | "}) {
    EXPECT_THAT(lines_with(answer.out, guest),
                Contains(MatchesRegex("client [0-9] \\(host\\) says: hello, I am host")))
        << answer.out;
  }
  // The guests whisper to each other: the host program is not poked for it.
  EXPECT_EQ(host.wait(), 0) << host.err();
  EXPECT_THAT(host.out(), HasSubstr("(left) says: hello, I am left\n"));
  EXPECT_THAT(host.out(), HasSubstr("(right) says: hello, I am right\n"));
  EXPECT_THAT(host.out(), Not(HasSubstr("whispers")));
  EXPECT_THAT(host.out(), EndsWith("all others have left, detaching from 'moo'\n"));
  EXPECT_TRUE(sandbox_.nothing_left());
}

// Whoever runs the tests: a user with no rights at all, whose guests are emulated.
class HelloSystemOfAUser : public CliTest {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) return;
    if (sandbox_.qvm(Launch{.words = {"version"}, .uid = kNobody}).status != 0)
      GTEST_SKIP() << "another user cannot reach the build tree";
    ASSERT_EQ(::chown(sandbox_.directory().c_str(), kNobody, kNobody), 0);
    uid_ = kNobody;
  }
  Launch hello(const std::vector<std::string>& options) const {
    Launch launch{.words = {"up", "--accel", "tcg"},
                  .environment = {{"HOME", sandbox_.directory()},
                                  {"XDG_CACHE_HOME", std::nullopt},
                                  {"XDG_RUNTIME_DIR", sandbox_.directory()}},
                  .uid = uid_};
    launch.words.insert(launch.words.end(), options.begin(), options.end());
    launch.words.push_back(example("system.yaml"));
    return launch;
  }
  std::optional<uid_t> uid_;
};

TEST_F(HelloSystemOfAUser, RunsUnderTheUsersLibvirt) {
  const Answer answer = sandbox_.qvm(hello({"--libvirt-uri", "qemu:///session"}));
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_THAT(lines_with(answer.out, "left  | "), Contains("heard everybody, detached from 'moo'"));
  EXPECT_THAT(lines_with(answer.out, "right | "), Contains("heard everybody, detached from 'moo'"));
  EXPECT_THAT(sandbox_.processes(kQemu), testing::IsEmpty());
  EXPECT_THAT(sandbox_.processes("qvmd"), testing::IsEmpty());
}

TEST_F(HelloSystemOfAUser, RunsWithoutRoot) {
  const Answer answer = sandbox_.qvm(hello({}));
  EXPECT_EQ(answer.status, 0) << answer.err;
  expect_conversation(answer.out, "left  | ", "left", "right");
  expect_conversation(answer.out, "right | ", "right", "left");
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_P(HelloSystem, RefusesWhoIsNotInTheGroup) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give VMs identities";
  const std::string manifest = std::string(kExamples) + "groups/system.yaml";
  const Answer answer = sandbox_.qvm({"up", "--accel", GetParam(), manifest});
  EXPECT_EQ(answer.status, 7) << "the stranger panics; " << answer.err;
  expect_conversation(answer.out, "left     | ", "left", "right");
  expect_conversation(answer.out, "right    | ", "right", "left");
  EXPECT_THAT(lines_with(answer.out, "stranger | "), Contains("cannot attach to 'moo': status 5"));
  const Answer why = sandbox_.qvm({"regions", "explain", "--file", manifest, "stranger", "moo"});
  EXPECT_THAT(why.out, HasSubstr("refuses  mode"));
  EXPECT_THAT(why.out, HasSubstr("refused with status 5 (no permission)"));
  EXPECT_TRUE(sandbox_.nothing_left());
}

}  // namespace
}  // namespace qvm::test
