// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Debian's Linux for arm64 on boards.
#include <fstream>

#include "tests/support/linux_guest.h"
#include "tests/system/cli/board_fixture.h"

namespace qvm::test {
namespace {

using std::chrono::seconds;
using testing::Contains;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::MatchesRegex;
namespace fs = std::filesystem;

class BoardLinux : public BoardCliTest {
 protected:
  void SetUp() override {
    BoardCliTest::SetUp();
    if (IsSkipped()) return;
    const auto images = linux_images(LinuxArchitecture::arm64);
    if (!images) GTEST_SKIP() << images.error().message();
    fs::create_directory(x_directory);
    fs::create_symlink(images->kernel, x_directory + "/Image");
    fs::create_symlink(images->initramfs, x_directory + "/initramfs.gz");
    std::ofstream(x_disk) << "from the host\n";
    fs::resize_file(x_disk, 1u << 20);
    fs::permissions(x_disk, fs::perms(0600));
  }
  ProgramStart up(std::vector<std::string> words) const {
    words.insert(words.begin(), {"up", "--accel", board_accelerator()});
    return sandbox_.program({.words = std::move(words), .environment = {{"QVM_LINUX_ARM64", x_directory}}});
  }
  static std::string example(const std::string& file) { return std::string(kExamples) + "board/" + file; }
  std::string first_line_of_the_disk() const {
    std::ifstream disk(x_disk);
    std::string line;
    std::getline(disk, line);
    return line;
  }

 private:
  std::string x_directory = sandbox_.directory() + "/image";  // what QVM_LINUX_ARM64 names
  std::string x_disk = x_directory + "/disk.img";
};

TEST_F(BoardLinux, TalksWithAnX86GuestAndTheHost) {
  if (!fs::exists(guest_image("hello"))) GTEST_SKIP() << "built without guests for x86-64";
  BackgroundProgram host = this->host();
  BackgroundProgram set(up({example("system.yaml")}));
  ASSERT_EQ(set.wait(kLinuxPatience), 0) << set.out() << set.err();
  EXPECT_EQ(host.wait(), 0) << host.out() << host.err();
  for (const char* peer : {"host", "right"}) {
    EXPECT_THAT(
        lines_with(set.out(), "board | "),
        Contains(MatchesRegex(std::string("client [0-9] \\(") + peer + "\\) says: hello, I am " + peer)));
  }
  const auto greeting = MatchesRegex("client [0-9] \\(board\\) says: hello, I am board");
  EXPECT_THAT(lines_with(set.out(), "right | "), Contains(greeting));
  EXPECT_THAT(lines_with(host.out(), ""), Contains(greeting));
  EXPECT_TRUE(sandbox_.nothing_left());
}

// On the console of a shell; what is expected is not what was typed.
TEST_F(BoardLinux, HasTheDevicesOfItsConfiguration) {
  BackgroundProgram set(up({"--detach", example("shell.yaml")}));
  ASSERT_EQ(set.wait(kLinuxPatience), 0) << set.err();
  BackgroundProgram console(sandbox_.program({.words = {"console", "board"}}));
  ASSERT_TRUE(console.wait_for("/ # ", kLinuxPatience)) << console.out();
  console.type(
      "echo processors: $(nproc)\n"
      "head -n 1 /dev/vda; echo from the guest | dd of=/dev/vda conv=fsync\n"
      "echo interface: $(cat /sys/class/net/eth0/address)\n"
      "ping -c 1 -W 20 10.0.2.2\n"
      "echo random: $(head -c 16 /dev/hwrng | wc -c)\n"
      "cat /proc/interrupts\n"
      "poweroff -f\n");
  EXPECT_EQ(console.wait(kLinuxPatience), 0) << console.out() << console.err();
  EXPECT_THAT(console.out(), HasSubstr("processors: 2\r\n"));
  EXPECT_THAT(console.out(), HasSubstr("from the host\r\n"));
  EXPECT_EQ(first_line_of_the_disk(), "from the guest");
  EXPECT_THAT(console.out(), HasSubstr("interface: 02:00:00:00:70:04\r\n"));
  EXPECT_THAT(console.out(), HasSubstr("1 packets transmitted, 1 packets received"));
  EXPECT_THAT(console.out(), HasSubstr("random: 16\r\n"));
  const std::string controller = gic_exists(3) ? "GICv3 " : "GIC-0 +";
  for (const char* use : {" 37 Level +uart-pl011", " 38 Level +guest-shm", " 40 Level +virtio",
                          " 41 Level +virtio", " 43 Level +virtio"})
    EXPECT_THAT(console.out(), ContainsRegex(controller + use));
  EXPECT_TRUE(sandbox_.nothing_left_soon());
}

TEST_F(BoardLinux, RunsWithTheOlderInterruptControllerUntilItsWatchdogBites) {
  if (!gic_exists(2)) GTEST_SKIP() << "this host's KVM has no gic of version 2";
  const std::string file = sandbox_.add(
      "board.qvmconf",
      "system board\nram 0x80000000,256M\ncpu cpu cpu\nload \"$env{QVM_LINUX_ARM64}/Image\"\n"
      "initrd load \"$env{QVM_LINUX_ARM64}/initramfs.gz\"\n"
      "cmdline \"console=ttyAMA0 quiet -- sh -c \\\"echo processors: $(nproc); rmmod guest_shm; show-device; "
      "modprobe guest_shm; driver-check 1c050000.shmem; cat /proc/interrupts; "
      "cat /sys/class/watchdog/watchdog0/identity; watchdog -F -T 1 -t 60 /dev/watchdog\\\"\"\n"
      "vdev gic version 2\nvdev pl011 loc 0x1c090000 intr gic:37\n"
      "vdev wdt-sp805 loc 0x1c0f0000 action terminate\n"
      "vdev shmem loc 0x1c050000 intr gic:38 deny forbidden allow *\n");
  BackgroundProgram guest(up({file}));
  EXPECT_EQ(guest.wait(kLinuxPatience), 4) << guest.out() << guest.err();
  const std::vector<std::string> lines = lines_with(guest.out(), "board | ");
  EXPECT_THAT(lines, Contains("processors: 3"));
  EXPECT_THAT(lines, Contains("device 1c050000.shmem at 0x1c050000"));
  EXPECT_THAT(lines, Contains("signature QVMG2GSM"));
  EXPECT_THAT(lines, Contains(MatchesRegex("driver-check: 0 of [0-9]+ checks failed")));
  EXPECT_THAT(lines, Contains(MatchesRegex(".* GIC-0 +38 Level +guest-shm")));
  EXPECT_THAT(lines, Contains("sp805-wdt"));
  EXPECT_THAT(
      lines,
      Contains(MatchesRegex("\\* ended by its watchdog: vdev wdt-sp805-0 .*: the guest's watchdog bit")));
  EXPECT_TRUE(sandbox_.nothing_left());
}

}  // namespace
}  // namespace qvm::test
