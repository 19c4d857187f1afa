// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Disks opened for a VM: real files, an invented domain.
#include "qvm/daemon/files/disk_files.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/vm_user.h"

namespace qvm::daemon {
namespace {

using test::kVmUser;
using testing::HasSubstr;

class DiskFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = "/tmp/qvmd-disk.XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    disk_.name = "vda";
    disk_.path = directory_ + "/disk.img";
    disk_.place = "vm.qvmconf:5:25";
    std::ofstream(disk_.path) << std::string(1024, 'x');
    ASSERT_EQ(::chmod(disk_.path.c_str(), 0600), 0);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  Result<std::vector<host::PassedFile>> open(const std::optional<VmUser>& who = {}) {
    domain_.load_string(
        "<domain><devices><disk type='file'><driver cache='none'/><source file='disk'/><target "
        "dev='vda'/></disk></devices></domain>");
    return open_disks({disk_}, who, domain_.child("domain"),
                      [this](const std::string& note) { notes_ += note; });
  }
  std::string complaint() {
    const auto opened = open();
    return opened ? "" : opened.error().message();
  }
  pugi::xml_node xml() const { return domain_.child("domain").child("devices").child("disk"); }
  // As QEMU marks an image.
  static UniqueFd lock(const std::string& path, off_t byte) {
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    struct flock range {};
    range.l_type = F_RDLCK;
    range.l_start = byte;
    range.l_len = 1;
    EXPECT_EQ(::fcntl(fd.get(), F_OFD_SETLK, &range), 0);
    return fd;
  }

  std::string directory_;
  plan::Disk disk_;
  pugi::xml_document domain_;
  std::string notes_;
};

TEST_F(DiskFiles, OfOurOwnProcessAreNamed) {
  const auto opened = open();
  ASSERT_TRUE(opened) << opened.error().message();
  EXPECT_TRUE(opened->empty());
  EXPECT_FALSE(xml().child("source").attribute("fdgroup"));
  EXPECT_EQ(notes_, "");
}

TEST_F(DiskFiles, OfAnotherUsersProcessAreHandedOver) {
  const auto opened = open(kVmUser);
  ASSERT_TRUE(opened) << opened.error().message();
  ASSERT_EQ(opened->size(), 1U);
  EXPECT_EQ(opened->front().group, "vda");
  EXPECT_EQ(::fcntl(opened->front().fd.get(), F_GETFL) & O_ACCMODE, O_RDWR);
  EXPECT_STREQ(xml().child("source").attribute("fdgroup").value(), "vda");
  struct stat facts {};
  ASSERT_EQ(::stat(disk_.path.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
  EXPECT_EQ(facts.st_uid, ::geteuid());
}

TEST_F(DiskFiles, ReadOnlyDescriptorsCannotWrite) {
  disk_.writable = false;
  const auto opened = open(kVmUser);
  ASSERT_TRUE(opened) << opened.error().message();
  EXPECT_EQ(::fcntl(opened->front().fd.get(), F_GETFL) & O_ACCMODE, O_RDONLY);
}

// QEMU 9.1 and later takes a descriptor only if it has O_DIRECT exactly when the disk is to have it.
TEST_F(DiskFiles, DescriptorsAreDirectAsTheDiskIs) {
  const bool possible = UniqueFd(::open(disk_.path.c_str(), O_RDWR | O_CLOEXEC | O_DIRECT)).get() >= 0;
  for (const bool writable : {true, false}) {
    for (const bool direct : {true, false}) {
      disk_.writable = writable;
      disk_.direct = direct;
      const auto opened = open(kVmUser);
      ASSERT_TRUE(opened) << opened.error().message();
      const int flags = ::fcntl(opened->front().fd.get(), F_GETFL);
      EXPECT_EQ(flags & O_ACCMODE, writable ? O_RDWR : O_RDONLY);
      EXPECT_EQ((flags & O_DIRECT) != 0, direct && possible);
      EXPECT_STREQ(xml().child("driver").attribute("cache").value(),
                   direct && !possible ? "writeback" : "none");
    }
  }
}

TEST_F(DiskFiles, MissingFileIsNamedWithItsPlace) {
  disk_.path = directory_ + "/none.img";
  EXPECT_EQ(complaint(), "vm.qvmconf:5:25: disk '" + disk_.path +
                             "': there is no such file: correct the path, or make the file "
                             "('truncate -s 1G FILE')");
}

TEST_F(DiskFiles, DirectoriesAndTerminalsAreNoDisks) {
  disk_.path = directory_;
  EXPECT_THAT(complaint(), HasSubstr("it is a directory: a disk is a file or a block device"));
  disk_.path = "/dev/null";
  EXPECT_THAT(complaint(), HasSubstr("it is neither a file nor a block device"));
}

TEST_F(DiskFiles, WriterIsAloneAndReadersShare) {
  {
    const UniqueFd writer = lock(disk_.path, 101);
    disk_.writable = false;
    EXPECT_THAT(complaint(), HasSubstr("another program, perhaps a VM, writes it"));
  }
  const UniqueFd reader = lock(disk_.path, 201);
  EXPECT_EQ(complaint(), "");
  disk_.writable = true;
  EXPECT_THAT(complaint(), HasSubstr("another program, perhaps a VM, uses it"));
}

// Files of /proc have none.
TEST_F(DiskFiles, WithoutDirectIoTheCacheIsUsed) {
  disk_.path = "/proc/version";
  disk_.writable = false;
  disk_.direct = true;
  const auto opened = open();
  ASSERT_TRUE(opened) << opened.error().message();
  EXPECT_STREQ(xml().child("driver").attribute("cache").value(), "writeback");
  EXPECT_EQ(notes_,
            "vm.qvmconf:5:25: disk '/proc/version': 'dio enable' has no effect: its file system has no "
            "direct I/O");
}

TEST_F(DiskFiles, FileThatMayNotBeWrittenSaysWhoCannot) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everything";
  ASSERT_EQ(::chmod(disk_.path.c_str(), 0400), 0);
  EXPECT_THAT(complaint(), HasSubstr("it cannot be opened: Permission denied: "));
  disk_.writable = false;
  EXPECT_EQ(complaint(), "");
}

class BlockDevice : public DiskFiles {
 protected:
  void SetUp() override {
    DiskFiles::SetUp();
    if (::geteuid() != 0) GTEST_SKIP() << "only root can make block devices";
    disk_.path = directory_ + "/device";
    if (::mknod(disk_.path.c_str(), S_IFBLK | 0600, makedev(7, 0)) != 0 ||
        !UniqueFd(::open(disk_.path.c_str(), O_RDONLY | O_CLOEXEC)))
      GTEST_SKIP() << "this host has no loop devices";
    disk_.writable = false;
  }
};

TEST_F(BlockDevice, IsNamedAsOne) {
  const auto opened = open();
  ASSERT_TRUE(opened) << opened.error().message();
  EXPECT_STREQ(xml().attribute("type").value(), "block");
  EXPECT_STREQ(xml().child("source").attribute("dev").value(), "disk");
  EXPECT_FALSE(xml().child("source").attribute("file"));
}

TEST_F(BlockDevice, IsForTheVmsUserToOpen) {
  auto opened = open(kVmUser);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().message(), "vm.qvmconf:5:25: disk '" + disk_.path +
                                          "': the VM's uid 64123 cannot open this device: allow it ('setfacl "
                                          "-m u:64123:r " +
                                          disk_.path +
                                          "', package acl), or name a 'uid' in the manifest that may");
  ASSERT_EQ(::chmod(directory_.c_str(), 0755), 0);
  ASSERT_EQ(::chown(disk_.path.c_str(), kVmUser.uid, kVmUser.gid), 0);
  opened = open(kVmUser);
  ASSERT_TRUE(opened) << opened.error().message();
  EXPECT_TRUE(opened->empty());
}

}  // namespace
}  // namespace qvm::daemon
