// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Disks, random numbers and shared directories in Linux guests. Under TCG only: a KVM in software would take
// minutes to boot a Linux.
#include <filesystem>
#include <fstream>

#include "tests/system/cli/linux_fixture.h"

namespace qvm::test {
namespace {

using std::chrono::seconds;
using testing::ContainsRegex;
using testing::HasSubstr;
namespace fs = std::filesystem;

class LinuxStorage : public LinuxCliTest {
 protected:
  // A file of that many sectors that begins with text, for nobody else to touch.
  std::string image(const std::string& name, unsigned sectors, const std::string& text = "") const {
    constexpr unsigned kSector = 512;
    const std::string path = sandbox_.add(name, text);
    fs::resize_file(path, std::uintmax_t{sectors} * kSector);
    fs::permissions(path, fs::perms(0600));
    return path;
  }
  static std::string beginning_of(const std::string& path, std::size_t length) {
    std::string text(length, '\0');
    std::ifstream(path, std::ios::binary).read(text.data(), static_cast<std::streamsize>(length));
    return text;
  }

  // Boots a guest with these vdevs that runs command in its shell; what it wrote.
  std::string run(const std::string& vdevs, const std::string& command) {
    const std::string file = sandbox_.add(
        "penguin.qvmconf", linux_guest("penguin", "console=ttyS0 quiet -- sh -c \\\"" + command + "\\\"",
                                       kSerialConsole + vdevs));
    BackgroundProgram guest(up({file}));
    EXPECT_EQ(guest.wait(kLinuxPatience), 0) << guest.out() << guest.err();
    EXPECT_TRUE(sandbox_.nothing_left());
    return guest.out();
  }
};

TEST_F(LinuxStorage, DiskKeepsWhatTheGuestWrites) {
  const std::string disk = image("disk.img", 2048, "from the host\n");
  const std::string vdev = "vdev virtio-blk hostdev " + disk + " dio enable\n";
  const std::string first = run(vdev, "head -n 1 /dev/vda; echo from the guest | dd of=/dev/vda conv=fsync");
  EXPECT_THAT(first, HasSubstr("| from the host\n"));
  EXPECT_EQ(beginning_of(disk, 15), "from the guest\n");
  const std::string second = run(vdev, "head -n 1 /dev/vda");
  EXPECT_THAT(second, HasSubstr("| from the guest\n"));
  EXPECT_EQ(fs::status(disk).permissions(), fs::perms(0600));
}

TEST_F(LinuxStorage, DisksComeInOrderAndReadOnlyOnesStay) {
  const std::string one = image("one.img", 64, "first\n");
  const std::string two = image("two.img", 128, "second\n");
  const std::string three = image("three.img", 256, "third\n");
  const std::string out = run("vdev virtio-blk hostdev <" + one + "\nvdev virtio-blk legacy hostdev " + two +
                                  "\nvdev virtio-blk hostdev " + three + "\n",
                              "for i in a b c; do echo vd$i $(cat /sys/block/vd$i/size) $(head -n 1 "
                              "/dev/vd$i); done; echo new > /dev/vda || echo refused; echo new > /dev/vdb");
  EXPECT_THAT(out, HasSubstr("| vda 64 first\n"));
  EXPECT_THAT(out, HasSubstr("| vdb 128 second\n"));
  EXPECT_THAT(out, HasSubstr("| vdc 256 third\n"));
  EXPECT_THAT(out, HasSubstr("| refused\n"));
  EXPECT_EQ(beginning_of(one, 6), "first\n");
  EXPECT_EQ(beginning_of(two, 4), "new\n");
}

TEST_F(LinuxStorage, DiskOfARunningVmIsRefusedToAnother) {
  const std::string disk = image("disk.img", 64);
  const auto add = [&](const std::string& name) {
    return sandbox_.add(name + ".qvmconf", "system " + name +
                                               " ram 64M load \"$env{QVM_GUESTS}/idle.elf\"\n" +
                                               "vdev virtio-blk hostdev " + disk + "\n");
  };
  const std::string one = add("one");
  const std::string two = add("two");
  ASSERT_EQ(sandbox_.qvm({"up", "--accel", usual_accelerator(), "--detach", one}).status, 0);
  const Answer refused = sandbox_.qvm({"up", "--accel", usual_accelerator(), "--detach", two});
  EXPECT_EQ(refused.status, 64);
  EXPECT_THAT(refused.err, HasSubstr("two.qvmconf:2:25: disk '" + disk +
                                     "': another program, perhaps a VM, uses it: end that one, or give each "
                                     "VM a disk of its own"));
  EXPECT_EQ(sandbox_.qvm({"down"}).status, 0);
  EXPECT_EQ(sandbox_.qvm({"up", "--accel", usual_accelerator(), "--detach", two}).status, 0);
  EXPECT_EQ(sandbox_.qvm({"down"}).status, 0);
  EXPECT_TRUE(sandbox_.nothing_left());
}

TEST_F(LinuxStorage, RandomNumbersComeFromTheHost) {
  const std::string out =
      run("vdev virtio-entropy\n",
          "cat /sys/class/misc/hw_random/rng_current; head -c 16 /dev/hwrng | od -An -tx1");
  EXPECT_THAT(out, HasSubstr("| virtio_rng.0\n"));
  EXPECT_THAT(out, ContainsRegex("\\| ( [0-9a-f][0-9a-f])+\n"));
}

// Regions are mapped beside memory that another process shares.
TEST_F(LinuxStorage, DirectoryIsSharedBothWays) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can show a guest a directory";
  const std::string directory = sandbox_.directory() + "/shared";
  fs::create_directory(directory);
  std::ofstream(directory + "/host.txt") << "from the host\n";
  const std::string out =
      run("vdev virtio-fs host_path " + directory + " tag files\nvdev shmem deny forbidden allow *\n",
          "mkdir /files; mount -t virtiofs files /files && cat /files/host.txt; "
          "echo from the guest > /files/guest.txt; driver-check");
  EXPECT_THAT(out, HasSubstr("| from the host\n"));
  EXPECT_THAT(out, ContainsRegex("driver-check: 0 of [0-9]+ checks failed"));
  EXPECT_EQ(beginning_of(directory + "/guest.txt", 15), "from the guest\n");
}

}  // namespace
}  // namespace qvm::test
