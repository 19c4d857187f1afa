// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Freestanding aarch64 guests on boards: what they find there, and whom they meet.
#include <fmt/format.h>

#include <filesystem>

#include "tests/system/cli/board_fixture.h"
#include "tests/system/cli/conversation.h"

namespace qvm::test {
namespace {

using testing::Contains;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::MatchesRegex;

class MixedSystem : public BoardCliTest, public testing::WithParamInterface<std::string> {
 protected:
  void SetUp() override {
    BoardCliTest::SetUp();
    if (!std::filesystem::exists(guest_image("hello"))) GTEST_SKIP() << "built without guests for x86-64";
    if (GetParam() == "auto" && !kvm_works()) GTEST_SKIP() << "without /dev/kvm it is the same as tcg";
  }
  Answer up(const std::string& file) const {
    return sandbox_.qvm({"up", "--accel", GetParam(), std::string(kExamples) + "mixed/" + file});
  }
};
// Where there is KVM, it runs one of the two.
INSTANTIATE_TEST_SUITE_P(Under, MixedSystem, testing::Values("tcg", "auto"),
                         [](const auto& test) { return test.param; });

TEST_P(MixedSystem, TalksAcrossArchitectures) {
  const Answer answer = up("system.yaml");
  EXPECT_EQ(answer.status, 0) << answer.err;
  expect_conversation(answer.out, "pc    | ", "pc", "board");
  expect_conversation(answer.out, "board | ", "board", "pc");
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_P(MixedSystem, TakesAHostProgramIn) {
  BackgroundProgram host = this->host();
  const Answer answer = up("three.yaml");
  EXPECT_EQ(answer.status, 0) << answer.err;
  expect_conversation(answer.out, "pc    | ", "pc", "board");
  expect_conversation(answer.out, "board | ", "board", "pc");
  for (const char* guest : {"pc    | ", "board | "}) {
    EXPECT_THAT(lines_with(answer.out, guest),
                Contains(MatchesRegex("client [0-9] \\(host\\) says: hello, I am host")));
  }
  EXPECT_EQ(host.wait(), 0) << host.err();
  EXPECT_THAT(host.out(), HasSubstr("(pc) says: hello, I am pc\n"));
  EXPECT_THAT(host.out(), HasSubstr("(board) says: hello, I am board\n"));
  EXPECT_THAT(host.out(), EndsWith("all others have left, detaching from 'moo'\n"));
  EXPECT_TRUE(sandbox_.nothing_left());
}

struct Controller {
  std::string name;
  std::string vdev;
  unsigned version;
  std::string found;
  std::string found_under_kvm;  // empty: it cannot be there
};

class FullBoard : public BoardCliTest, public testing::WithParamInterface<Controller> {
 protected:
  std::string file_of_a_mebibyte(const std::string& name) const {
    const std::string path = sandbox_.add(name, "");
    std::filesystem::resize_file(path, 1u << 20);
    std::filesystem::permissions(path, std::filesystem::perms(0600));
    return path;
  }
};
INSTANTIATE_TEST_SUITE_P(
    With, FullBoard,
    testing::Values(Controller{"GicOfVersion3", "vdev gic version 3\n", 3,
                               "gic v3 at 0x2f000000 redistributor 0x2f100000",
                               "gic v3 at 0x8000000 redistributor 0x80a0000"},
                    Controller{"GicOfVersion2", "vdev gic version 2\n", 2,
                               "gic v2 at 0x2f000000 processor interface 0x2c000000",
                               "gic v2 at 0x8000000 processor interface 0x8010000"},
                    Controller{"MovedGicOfVersion3", "vdev gic loc 0x2e000000 gicr 0x2e800000\n", 3,
                               "gic v3 at 0x2e000000 redistributor 0x2e800000", ""},
                    Controller{"MovedGicOfVersion2", "vdev gic loc 0x2c001000 gicc 0x2c002000\n", 2,
                               "gic v2 at 0x2c001000 processor interface 0x2c002000", ""}),
    [](const auto& test) { return test.param.name; });

// Each device answers and interrupts where the configuration says.
TEST_P(FullBoard, IsAsItsConfigurationSays) {
  sandbox_.add("board.qvmconf",
               fmt::format("system board\nram 0x80000000,64M\nram 0xc0000000,32M\ncpu cpu\n"
                           "load \"$env{{QVM_GUESTS}}/aarch64/board-check.elf\"\n{}"
                           "vdev pl011 loc 0x1c090000 intr gic:37\n"
                           "vdev pl011 loc 0x1c0a0000 intr gic:36\n"
                           "vdev virtio-blk loc 0x1c0d0000 intr gic:41 hostdev {}\n"
                           "vdev virtio-net loc 0x1c0c0000 intr gic:40 peer /dev/vdevpeers/vp0\n"
                           "vdev virtio-console loc 0x20000000 intr gic:42\n"
                           "vdev virtio-entropy loc 0x1c0e0000 intr gic:43\n"
                           "vdev wdt-sp805 loc 0x1c0f0000 intr gic:32 action terminate\n"
                           "vdev shmem loc 0x1c050000 intr gic:38 allow board-check\n",
                           GetParam().vdev, file_of_a_mebibyte("disk.img")));
  const std::string manifest = sandbox_.add("system.yaml",
                                            "vms: {board: {config: board.qvmconf}}\n"
                                            "host-map: {/dev/vdevpeers/vp0: {user-mode: true}}\n");
  const Answer answer = sandbox_.qvm({"up", "--accel", board_accelerator(), manifest});
  const std::string found = board_accelerator() == "kvm" ? GetParam().found_under_kvm : GetParam().found;
  if (!gic_exists(GetParam().version)) {
    EXPECT_EQ(answer.status, 65) << answer.err;
    EXPECT_THAT(answer.err,
                HasSubstr(fmt::format("error: this host's KVM has no gic of version {} [plan-device]",
                                      GetParam().version)));
    return;
  }
  if (found.empty()) {
    EXPECT_EQ(answer.status, 65) << answer.err;
    EXPECT_THAT(answer.err, HasSubstr("error: under KVM the kernel's gic stays at 0x8000000, not at "));
    EXPECT_THAT(answer.err, HasSubstr("else start with '--accel tcg'"));
    return;
  }
  EXPECT_EQ(answer.status, 0) << answer.err;
  const std::vector<std::string> lines = lines_with(answer.out, "board | board-check: ");
  EXPECT_THAT(lines, IsSupersetOf({std::string("memory at 0x80000000 size 64 MiB"),
                                   std::string("memory at 0xc0000000 size 32 MiB"), found,
                                   std::string("pl011 at 0x1c090000 interrupt 37"),
                                   std::string("pl011 at 0x1c0a0000 interrupt 36"),
                                   std::string("virtio at 0x1c0d0000 interrupt 41 version 2 device 2"),
                                   std::string("virtio at 0x1c0c0000 interrupt 40 version 2 device 1"),
                                   std::string("virtio at 0x20000000 interrupt 42 version 2 device 3"),
                                   std::string("virtio at 0x1c0e0000 interrupt 43 version 2 device 4"),
                                   std::string("sp805 at 0x1c0f0000 interrupt 32"),
                                   std::string("shmem at 0x1c050000 interrupt 38"),
                                   std::string("processors 2 of 2")}))
      << answer.out;
  EXPECT_THAT(lines, Contains(MatchesRegex("[0-9]+ passed, 0 failed"))) << answer.out;
  EXPECT_TRUE(sandbox_.nothing_left());
}

class SmallBoard : public BoardCliTest {
 protected:
  // A board with shared memory that runs this guest.
  std::string board(const std::string& name, const std::string& image, const std::string& cmdline) const {
    return sandbox_.add(
        name + ".qvmconf",
        fmt::format("system {}\nram 0x80000000,64M\nload \"$env{{QVM_GUESTS}}/aarch64/{}.elf\"\n"
                    "cmdline \"{}\"\nvdev pl011 loc 0x1c090000 intr gic:37\n"
                    "vdev shmem loc 0x1c050000 intr gic:38 deny secret allow *\n",
                    name, image, cmdline));
  }
};

TEST_F(SmallBoard, FindsEveryRegisterAsDescribed) {
  const Answer answer =
      sandbox_.qvm({"up", "--accel", board_accelerator(), board("walk", "register-walk", "denied=secret")});
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_THAT(lines_with(answer.out, "walk | "),
              Contains(MatchesRegex("register-walk: [0-9]+ passed, 0 failed")))
      << answer.out;
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_F(SmallBoard, TalksWithAnotherAndAHostProgram) {
  BackgroundProgram host = this->host();
  const Answer answer = sandbox_.qvm({"up", "--accel", board_accelerator(),
                                      board("left", "hello", "name=left peer=right region=moo peers=3"),
                                      board("right", "hello", "name=right peer=left region=moo peers=3")});
  EXPECT_EQ(answer.status, 0) << answer.err;
  expect_conversation(answer.out, "left  | ", "left", "right");
  expect_conversation(answer.out, "right | ", "right", "left");
  EXPECT_EQ(host.wait(), 0) << host.err();
  EXPECT_THAT(host.out(), HasSubstr("(left) says: hello, I am left\n"));
  EXPECT_THAT(host.out(), HasSubstr("(right) says: hello, I am right\n"));
  EXPECT_TRUE(sandbox_.nothing_left());
}

// QEMU's emulation does them; KVM is told too little of them by the processor, and the guest gets an abort.
TEST_F(SmallBoard, MayNotStoreToRegistersInEveryWayUnderKvm) {
  for (const char* how : {"post-indexed", "paired"}) {
    const Answer answer =
        sandbox_.qvm({"up", "--accel", board_accelerator(),
                      board("store", "trouble", fmt::format("how={} address=0x1c050000", how))});
    EXPECT_EQ(answer.status, 0) << answer.err;
    EXPECT_THAT(answer.out,
                HasSubstr(board_accelerator() == "kvm" ? "exception synchronous" : "trouble: stored"))
        << how << answer.out;
  }
}

// What QEMU's machine has not by itself.
TEST_F(SmallBoard, HasLowMemoryAndVirtioOfBothVersions) {
  const std::string data = sandbox_.add("data.img", std::string(0x10000, 'x'));
  const std::string file = sandbox_.add(
      "board.qvmconf",
      fmt::format("system board\nram 0x10000000,64M\nram 0x80000000,64M\nrom 0x20000000,64K\n"
                  "load \"$env{{QVM_GUESTS}}/aarch64/board-check.elf\"\ndata load 0x20000000,{0}\n"
                  "vdev pl011 loc 0x1c090000 intr gic:37\n"
                  "vdev virtio-blk loc 0x1c0d0000 intr gic:41 hostdev {0} legacy\n"
                  "vdev virtio-entropy loc 0x1c0e0000 intr gic:43\n",
                  data));
  const Answer answer = sandbox_.qvm({"up", "--accel", board_accelerator(), file});
  EXPECT_EQ(answer.status, 0) << answer.err;
  const std::vector<std::string> lines = lines_with(answer.out, "board | board-check: ");
  EXPECT_THAT(lines, IsSupersetOf({std::string("memory at 0x10000000 size 64 MiB"),
                                   std::string("memory at 0x80000000 size 64 MiB"),
                                   std::string("virtio at 0x1c0d0000 interrupt 41 version 1 device 2"),
                                   std::string("virtio at 0x1c0e0000 interrupt 43 version 2 device 4")}))
      << answer.out;
  EXPECT_THAT(lines, Contains(MatchesRegex("[0-9]+ passed, 0 failed"))) << answer.out;
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_F(SmallBoard, ADryRunWritesItsDeviceTree) {
  if (!program_exists("dtc")) GTEST_SKIP() << "dtc (device-tree-compiler) is not installed";
  const std::string overlay =
      sandbox_.add("overlay.dtb", run_program({"dtc", "-q", "-@", "-I", "dts", "-O", "dtb"},
                                              "/dts-v1/; /plugin/; &mailbox { customer,channel = <7>; };")
                                      .output);
  const std::string file = sandbox_.add(
      "board.qvmconf",
      "system board\nram 0x80000000,64M\nload \"$env{QVM_GUESTS}/aarch64/board-check.elf\"\nfdt load " +
          overlay +
          "\nvdev pl011 loc 0x1c090000 intr gic:37\n"
          "vdev shmem loc 0x1c050000 intr gic:38 name mailbox\n");
  const std::string tree = sandbox_.directory() + "/board.dtb";
  const Answer answer = sandbox_.qvm({"@" + file, "set", "fdt-dump-file", tree, "dryrun"});
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_EQ(answer.out, "FDT saved to '" + tree + "'\nExiting: dryrun completed\n");
  const std::string source = run_program({"dtc", "-q", "-I", "dtb", "-O", "dts", tree}, "").output;
  EXPECT_THAT(source, MatchesRegex("(.|\n)*shmem@1c050000 \\{\n\t\t\tcustomer,channel = <0x07>;(.|\n)*"));
  const Answer refused =
      sandbox_.qvm({"@" + file, "set", "fdt-dump-file", "/nonexistent/board.dtb", "dryrun"});
  EXPECT_EQ(refused.status, 64);
  EXPECT_THAT(refused.err, HasSubstr("write the device tree '/nonexistent/board.dtb': No such file"));
}

}  // namespace
}  // namespace qvm::test
