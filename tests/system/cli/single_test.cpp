// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// `qvm @file`: one VM in the foreground, as QNX's qvm starts it, and its exit statuses.
#include <sys/stat.h>

#include <csignal>
#include <fstream>
#include <iterator>

#include "tests/system/cli/cli_fixture.h"

namespace qvm::test {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;

using Single = CliTest;
using AcceleratedSingle = AcceleratedCliTest;
INSTANTIATE_TEST_SUITE_P(Under, AcceleratedSingle, testing::Values("tcg", "kvm"), accelerator_name);

// Marks its place, then waits for whatever the test does to it.
class IdleGuest {
 public:
  explicit IdleGuest(const QvmSandbox& sandbox)
      : x_program(
            sandbox.program({.words = {"--accel", usual_accelerator(),
                                       "@" + sandbox.add("idle.qvmconf", guest_config("idle", "idle"))}})) {
    EXPECT_TRUE(x_program.wait_for("idle\r\n")) << x_program.err();
  }
  BackgroundProgram& program() { return x_program; }

 private:
  BackgroundProgram x_program;
};

TEST_P(AcceleratedSingle, ShowsTheConsoleAndNothingElse) {
  const Answer answer =
      sandbox_.qvm({"--accel", GetParam(), "@" + std::string(kExamples) + "single/guest.qvmconf"});
  EXPECT_EQ(answer.status, 0);
  EXPECT_THAT(answer.out, MatchesRegex("register-walk: [0-9]+ passed, 0 failed\r\n"));
  EXPECT_EQ(answer.err, "");
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_F(Single, TakesOptionsFromTheCommandLine) {
  const std::string file = sandbox_.add("boot.qvmconf",
                                        "system boot\nram 64M\ncpu\n"
                                        "vdev ioapic loc 0xfec00000 intr apic name myioapic\n"
                                        "vdev ser8250 intr myioapic:4\n");
  const Answer answer =
      sandbox_.qvm({"--accel", usual_accelerator(), "@" + file, "load", "$env{QVM_GUESTS}/boot-check.elf",
                    "cmdline", "name=words number=23", "set", "exit-on-halt", "off"});
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_THAT(answer.out, HasSubstr("boot-check: boot 0, name=words number=23\r\n"));
  EXPECT_THAT(answer.out, EndsWith("boot-check: ok\r\n"));
}

TEST_P(AcceleratedSingle, EndsWhenTheGuestResetsItself) {
  const std::string file = sandbox_.add("reset.qvmconf", guest_config("reset", "reset-detach"));
  const Answer answer = sandbox_.qvm({"--accel", GetParam(), "@" + file});
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_EQ(answer.out, "reset-detach: attached as client 0, resetting\r\n");
  std::ifstream log(sandbox_.runtime() + "/log/qvmd.log");
  const std::string text{std::istreambuf_iterator<char>(log), {}};
  EXPECT_THAT(text, HasSubstr("VM 'reset': has ended: reset\n"));
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_F(Single, DryrunSetsUpAndDoesNotRun) {
  const std::string file = sandbox_.add("idle.qvmconf", guest_config("idle", "idle"));
  const Answer answer = sandbox_.qvm({"--accel", usual_accelerator(), "@" + file, "dryrun"});
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_EQ(answer.out, "Exiting: dryrun completed\n");
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_F(Single, ConfigurationErrorShowsThePlace) {
  const std::string file = sandbox_.add("bad.qvmconf", "system bad\nramm 64M\n");
  const Answer answer = sandbox_.qvm({"--accel", usual_accelerator(), "@" + file});
  EXPECT_EQ(answer.status, 65);
  EXPECT_EQ(answer.out, "");
  EXPECT_THAT(answer.err, HasSubstr(file + ":2:1: error: "));
  EXPECT_THAT(answer.err, HasSubstr("\n    2 | ramm 64M\n      | ^~~~\n"));
  EXPECT_THAT(complaints(answer), ElementsAre(HasSubstr("nothing was started")));
  EXPECT_THAT(sandbox_.processes(), IsEmpty());
}

TEST_F(Single, MissingKernelIsAnErrorOfTheConfiguration) {
  const std::string file = sandbox_.add("bad.qvmconf", "system bad\nram 64M\ncpu\nload nowhere.elf\n");
  const Answer answer = sandbox_.qvm({"--accel", usual_accelerator(), "@" + file});
  EXPECT_EQ(answer.status, 65);
  EXPECT_THAT(answer.err, HasSubstr(":4:6: error: cannot read 'nowhere.elf': No such file or directory"));
  EXPECT_THAT(complaints(answer), ElementsAre("1 error; nothing was started"));
}

TEST_F(Single, MissingConfigurationIsNamed) {
  const Answer answer =
      sandbox_.qvm({"--accel", usual_accelerator(), "@" + sandbox_.directory() + "/none.qvmconf"});
  EXPECT_EQ(answer.status, 65);
  EXPECT_THAT(answer.err, HasSubstr("cannot read '" + sandbox_.directory() + "/none.qvmconf'"));
}

TEST_F(Single, WithoutKvmSaysWhatToDo) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become a user without access to /dev/kvm";
  struct stat facts {};
  if (::stat("/dev/kvm", &facts) == 0 && (facts.st_mode & S_IRWXO) != 0) {
    GTEST_SKIP() << "everybody may use /dev/kvm here";
  }
  const std::string file = sandbox_.add("idle.qvmconf", guest_config("idle", "idle"));
  const Answer answer = sandbox_.qvm(Launch{.words = {"--accel", "kvm", "@" + file}, .uid = kNobody});
  EXPECT_EQ(answer.status, 64);
  EXPECT_THAT(complaints(answer), ElementsAre(HasSubstr("use '--accel tcg' for emulation")));
  EXPECT_THAT(sandbox_.processes(), IsEmpty());
}

TEST_F(Single, RefusalOfLibvirtIsPassedOn) {
  const std::string file = sandbox_.add("idle.qvmconf", guest_config("idle", "idle"));
  const Answer answer =
      sandbox_.qvm({"--accel", usual_accelerator(), "--libvirt-uri", "test:///nowhere.xml", "@" + file});
  EXPECT_EQ(answer.status, 64);
  EXPECT_EQ(answer.out, "");
  EXPECT_THAT(complaints(answer), ElementsAre(HasSubstr("libvirt refuses 'test:///nowhere.xml'")));
  EXPECT_TRUE(sandbox_.nothing_left());
}

// The table of a vdev whose object is not what it should be.
class BrokenVdev : public CliTest {
 protected:
  BrokenVdev() {
    sandbox_.add("ghost.json", R"({"name": "ghost", "documentation": "None.", "object": "vdev-ghost.so",
        "default-space": "memory", "location-required": true, "claims": [{"space": "memory", "length": 4096}]})");
    x_file = sandbox_.add("ghost.qvmconf", guest_config("ghost", "idle") + "vdev ghost loc 0x1c060000\n");
  }
  Answer start(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {"--accel", usual_accelerator(), "--plugin-dir", sandbox_.directory(),
                                      "@" + x_file};
    words.insert(words.end(), more.begin(), more.end());
    return sandbox_.qvm(words);
  }
  std::string object() const { return sandbox_.directory() + "/vdev-ghost.so"; }
  std::string x_file;
};

TEST_F(BrokenVdev, IsOneClearMessage) {
  const Answer answer = start();
  EXPECT_EQ(answer.status, 64);
  EXPECT_EQ(answer.out, "");
  EXPECT_EQ(answer.err, "qvm: VM 'ghost': vdev ghost0 (" + x_file + ":9:6): cannot load '" + object() +
                            "': No such file or directory\n");
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_F(BrokenVdev, IsFoundByADryrun) {
  const Answer answer = start({"dryrun"});
  EXPECT_EQ(answer.status, 64);
  EXPECT_THAT(complaints(answer), ElementsAre(HasSubstr("cannot load '" + object() + "'")));
}

TEST_F(BrokenVdev, MayBeNoObjectAtAll) {
  sandbox_.add("vdev-ghost.so", "this is text\n");
  const Answer answer = start();
  EXPECT_EQ(answer.status, 64);
  EXPECT_THAT(complaints(answer), ElementsAre(HasSubstr("cannot load '" + object() + "'")));
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_F(Single, EndsInOrderOnSigterm) {
  IdleGuest guest(sandbox_);
  guest.program().signal(SIGTERM);
  EXPECT_EQ(guest.program().wait(), 0) << guest.program().err();
  EXPECT_EQ(guest.program().err(), "");
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_F(Single, IsCutOffBySigquit) {
  IdleGuest guest(sandbox_);
  guest.program().signal(SIGQUIT);
  EXPECT_EQ(guest.program().wait(), 3) << guest.program().err();
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_F(Single, TakesTheVmWithItWhenItIsKilled) {
  IdleGuest guest(sandbox_);
  guest.program().signal(SIGKILL);
  EXPECT_EQ(guest.program().wait(), 128 + SIGKILL);
  EXPECT_TRUE(sandbox_.nothing_left_soon());
}

TEST_F(Single, TellsThatItsVmWasKilled) {
  IdleGuest guest(sandbox_);
  const std::vector<pid_t> machines = sandbox_.processes(kQemu);
  ASSERT_EQ(machines.size(), 1U);
  ::kill(machines.front(), SIGKILL);
  EXPECT_EQ(guest.program().wait(), 96);
  EXPECT_EQ(guest.program().err(), "qvm: died: its QEMU process was killed by signal 9 (Killed)\n");
  EXPECT_TRUE(sandbox_.nothing_left());
}

}  // namespace
}  // namespace qvm::test
