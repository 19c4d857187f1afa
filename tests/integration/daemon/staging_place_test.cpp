// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Copies that all VMs share: real files, read as another user.
#include "qvm/daemon/files/staging_place.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/file_content.h"
#include "tests/support/own_mounts.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/vm_user.h"

namespace qvm::daemon {
namespace {

namespace fs = std::filesystem;
using test::content_of;
using test::kVmUser;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;
using Use = StagingPlace::Use;

constexpr uid_t kSomebody = 64124;

void set_mode(const std::string& path, unsigned mode) {
  fs::permissions(path, static_cast<fs::perms>(mode));
}

unsigned mode_of(const std::string& path) {
  struct stat facts {};
  return ::lstat(path.c_str(), &facts) == 0 ? facts.st_mode & 07777U : 0;
}

class StagingPlaceTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root makes files for other users";
    set_mode(directory_.path(), 0755);
    for (const char* name : {"run", "private", "cache", "tmp"}) fs::create_directory(path(name));
    set_mode(path("private"), 0700);
    set_mode(path("tmp"), 01777);
    plugin_ = path("private/vdev-counter.so");
    write(plugin_, "first content");
  }
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
  static void write(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
  }
  // Of the plugin; a failure of the test if there is none.
  std::string stage(Use use = Use::load) {
    auto staged = place_.stage(kVmUser, plugin_, use);
    if (staged) return *staged;
    ADD_FAILURE() << staged.error().message();
    return {};
  }
  std::vector<std::string> files_in(const std::string& folder) const {
    std::vector<std::string> names;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(path(folder), none))
      names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }
  // From now on RUN is a file system that nothing is loaded from.
  void forbid_execution() {
    if (!mounts_.begin() || !mounts_.mount_empty(path("run"), MS_NOEXEC))
      GTEST_SKIP() << "nothing can be mounted here";
  }

  test::TemporaryDirectory directory_;
  test::OwnMounts mounts_;
  std::string plugin_;
  StagingPlace place_{path("run/staged"), {path("cache"), path("tmp")}};
};

TEST_F(StagingPlaceTest, CopyCanBeReadByTheVmsUserAndIsNotListed) {
  ASSERT_FALSE(readable_by(kVmUser, plugin_));
  const std::string copy = stage();
  EXPECT_THAT(copy, StartsWith(path("run/staged/")));
  EXPECT_THAT(copy, EndsWith("-vdev-counter.so"));
  EXPECT_TRUE(readable_by(kVmUser, copy));
  EXPECT_EQ(content_of(copy), "first content");
  EXPECT_EQ(mode_of(copy), 0644U);
  EXPECT_EQ(mode_of(path("run/staged")), 0711U);
  EXPECT_FALSE(openable_by(kVmUser, path("run/staged"), O_RDONLY)) << "its names are nobody's business";
}

TEST_F(StagingPlaceTest, OneContentIsCopiedOnce) {
  const std::string copy = stage();
  struct stat before {};
  ASSERT_EQ(::stat(copy.c_str(), &before), 0);
  // Another VM, and a successor of this qvmd.
  StagingPlace successor(path("run/staged"), {});
  const auto again = successor.stage({.uid = kSomebody, .gid = kSomebody}, plugin_, Use::load);
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(*again, copy);
  struct stat after {};
  ASSERT_EQ(::stat(copy.c_str(), &after), 0);
  EXPECT_EQ(after.st_ino, before.st_ino);
  EXPECT_EQ(files_in("run/staged").size(), 1U);
}

TEST_F(StagingPlaceTest, NewContentDoesNotTouchWhatAVmHasLoaded) {
  const std::string before = stage();
  write(plugin_, "second content");
  const std::string after = stage();
  EXPECT_NE(after, before);
  EXPECT_EQ(content_of(before), "first content");
  EXPECT_EQ(content_of(after), "second content");
}

TEST_F(StagingPlaceTest, CopyThatIsNotWhatItsNameSaysIsNotUsed) {
  const std::string damaged = stage();
  write(damaged, "first");
  const std::string copy = stage();
  EXPECT_NE(copy, damaged);
  EXPECT_EQ(content_of(copy), "first content");
  EXPECT_EQ(stage(), copy);
  EXPECT_EQ(content_of(damaged), "first") << "whoever has it keeps it";
}

TEST_F(StagingPlaceTest, ManyAtOnceGetTheSame) {
  std::vector<std::string> copies(8);
  {
    std::vector<std::jthread> threads;
    for (std::string& copy : copies) {
      threads.emplace_back([&] {
        if (auto staged = place_.stage(kVmUser, plugin_, Use::load)) copy = *staged;
      });
    }
  }
  EXPECT_EQ(std::set<std::string>(copies.begin(), copies.end()), std::set<std::string>{stage()});
  EXPECT_EQ(files_in("run/staged").size(), 1U);
}

TEST_F(StagingPlaceTest, WhatIsLoadedIsElsewhereWhereTheRuntimeDirectoryIsNoexec) {
  forbid_execution();
  if (IsSkipped()) return;
  const std::string copy = stage();
  EXPECT_THAT(copy, StartsWith(path("run/staged/"))) << "its name does not tell";
  EXPECT_THAT(fs::canonical(copy).string(), StartsWith(path("cache/qvm-staged-")));
  EXPECT_TRUE(readable_by(kVmUser, copy));
  EXPECT_EQ(stage(), copy);
  write(plugin_, "firmware");
  EXPECT_THAT(fs::canonical(stage(Use::read)).string(), StartsWith(path("run/staged/")));
}

TEST_F(StagingPlaceTest, CopyElsewhereThatWasClearedAwayIsMadeAgain) {
  forbid_execution();
  if (IsSkipped()) return;
  const std::string copy = stage();
  fs::remove_all(fs::canonical(copy).parent_path());
  EXPECT_EQ(stage(), copy);
  EXPECT_EQ(content_of(copy), "first content");
}

TEST_F(StagingPlaceTest, CacheDirectoryThatTheVmsUserCannotEnterIsPassedOver) {
  forbid_execution();
  if (IsSkipped()) return;
  set_mode(path("cache"), 0700);
  EXPECT_THAT(fs::canonical(stage()).string(), StartsWith(path("tmp/qvm-staged-")));
}

TEST_F(StagingPlaceTest, DirectoryThatSomebodyElseMadeFirstIsNotUsed) {
  forbid_execution();
  if (IsSkipped()) return;
  const std::string own = fs::canonical(stage()).parent_path();
  fs::remove_all(own);
  fs::create_directory(own);
  set_mode(own, 0711);
  ASSERT_EQ(::chown(own.c_str(), kSomebody, kSomebody), 0);
  EXPECT_THAT(fs::canonical(stage()).string(), StartsWith(path("tmp/qvm-staged-")));
  fs::remove_all(path("run/staged"));
  fs::remove_all(own);
  fs::create_directory_symlink(path("tmp"), own);
  EXPECT_THAT(fs::canonical(stage()).string(), StartsWith(path("tmp/qvm-staged-")));
  EXPECT_TRUE(fs::is_symlink(own));
}

TEST_F(StagingPlaceTest, WithoutAPlaceEachOneIsNamedWithItsReason) {
  forbid_execution();
  if (IsSkipped()) return;
  set_mode(path("cache"), 0777);
  ASSERT_TRUE(mounts_.mount_empty(path("tmp"), MS_NOEXEC));
  set_mode(path("tmp"), 01777);
  const auto staged = place_.stage(kVmUser, plugin_, Use::load);
  ASSERT_FALSE(staged);
  const std::string& why = staged.error().message();
  EXPECT_THAT(why, StartsWith("uid 64123 cannot read '" + plugin_ + "', and there is no place for a copy: "));
  EXPECT_THAT(why,
              HasSubstr("'" + path("run/staged") + "': it is mounted noexec; '" + path("cache/qvm-staged-")));
  EXPECT_THAT(why, HasSubstr("': other users can replace it in '" + path("cache") + "'; '" + path("tmp/")));
  EXPECT_THAT(why,
              EndsWith("': it is mounted noexec: name a directory where programs may be in QVM_CACHE_DIR, or "
                       "install qvm where every user can read it"));
}

TEST_F(StagingPlaceTest, NothingIsLeft) {
  forbid_execution();
  if (IsSkipped()) return;
  stage();
  write(plugin_, "second content");
  stage(Use::read);
  // A successor that was started with another cache directory.
  StagingPlace successor(path("run/staged"), {path("tmp")});
  successor.remove();
  EXPECT_THAT(files_in("run"), testing::IsEmpty());
  EXPECT_THAT(files_in("cache"), testing::IsEmpty());
}

TEST_F(StagingPlaceTest, WhatSomebodyElseHasUnderItsNameStays) {
  forbid_execution();
  if (IsSkipped()) return;
  const std::string own = fs::canonical(stage()).parent_path();
  fs::remove_all(own);
  fs::create_directory(own);
  ASSERT_EQ(::chown(own.c_str(), kSomebody, kSomebody), 0);
  place_.remove();
  EXPECT_TRUE(fs::exists(own));
  EXPECT_THAT(files_in("run"), testing::IsEmpty());
}

TEST_F(StagingPlaceTest, RemovingTwiceIsFine) {
  place_.remove();
  stage();
  place_.remove();
  place_.remove();
  EXPECT_THAT(files_in("run"), testing::IsEmpty());
  EXPECT_EQ(content_of(stage()), "first content");
}

TEST(PlainName, HasNothingThatNeedsQuoting) {
  EXPECT_EQ(plain_name("/a/vdev-counter_2.so"), "vdev-counter_2.so");
  EXPECT_EQ(plain_name("/a b/c d,e:f\xc3\xbc.elf"), "c_d_e_f__.elf");
  EXPECT_EQ(plain_name("/" + std::string(200, 'x') + ".img"), std::string(60, 'x') + ".img");
  EXPECT_EQ(plain_name(""), "");
}

}  // namespace
}  // namespace qvm::daemon
