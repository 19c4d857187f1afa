// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/host/embed_root.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace qvm::host {
namespace {

using testing::HasSubstr;
using testing::Not;

class EmbedRoot : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = "/tmp/qvm-embed.XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  HypervisorOptions options() const {
    return {.embed_root = directory_ + "/root",
            .cache_directory = directory_ + "/cache",
            .log_directory = directory_ + "/log"};
  }

  std::string directory_;
};

constexpr std::uint64_t kManyProcesses = 100000;

// Without a capability nobody can have more than the limit, and libvirt fails if it is told to give more.
TEST(QemuConf, GivesAVmNoMoreProcessesThanThereMayBe) {
  EXPECT_THAT(qemu_conf(true, kManyProcesses), HasSubstr("max_processes = 4096\n"));
  EXPECT_THAT(qemu_conf(true, 600), HasSubstr("max_processes = 600\n"));
}

TEST(QemuConf, OnlyRootDecidesAboutUsersAndOwners) {
  for (const char* setting : {"user = ", "dynamic_ownership = 0", "remember_owner = 0"}) {
    EXPECT_THAT(qemu_conf(true, kManyProcesses), HasSubstr(setting));
    EXPECT_THAT(qemu_conf(false, kManyProcesses), Not(HasSubstr(setting)));
  }
  for (const bool privileged : {true, false}) {
    EXPECT_THAT(qemu_conf(privileged, kManyProcesses), HasSubstr("stdio_handler = \"file\""));
    EXPECT_THAT(qemu_conf(privileged, kManyProcesses), HasSubstr("seccomp_sandbox = 1"));
  }
}

TEST_F(EmbedRoot, KeepsCacheAndLogsOutside) {
  ASSERT_TRUE(prepare_embed_root(options()));
  std::ofstream(directory_ + "/root/cache/answer") << "42";
  std::filesystem::remove_all(directory_ + "/root");
  EXPECT_TRUE(std::filesystem::exists(directory_ + "/cache/answer"));
  ASSERT_TRUE(prepare_embed_root(options()));
  EXPECT_TRUE(std::filesystem::exists(directory_ + "/root/cache/answer"));
  EXPECT_TRUE(std::filesystem::is_directory(directory_ + "/root/log"));
}

TEST_F(EmbedRoot, CanBePreparedAgain) {
  ASSERT_TRUE(prepare_embed_root(options()));
  std::ofstream(directory_ + "/root/etc/qemu.conf") << "user = \"somebody\"\n";
  ASSERT_TRUE(prepare_embed_root(options()));
  std::ifstream file(directory_ + "/root/etc/qemu.conf");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_THAT(text.str(), Not(HasSubstr("somebody")));
}

TEST_F(EmbedRoot, NamesTheDirectoryItCannotMake) {
  std::ofstream(directory_ + "/file") << "";
  const auto prepared = prepare_embed_root({.embed_root = directory_ + "/file/root"});
  ASSERT_FALSE(prepared);
  EXPECT_THAT(prepared.error().message(), HasSubstr(directory_ + "/file/root"));
}

TEST_F(EmbedRoot, QemuMustBeAskedUntilTheCacheHasAnAnswer) {
  EXPECT_TRUE(must_probe_qemu(directory_ + "/cache"));
  std::filesystem::create_directories(directory_ + "/cache/qemu/capabilities");
  EXPECT_TRUE(must_probe_qemu(directory_ + "/cache"));
  std::ofstream(directory_ + "/cache/qemu/capabilities/x.xml") << "";
  EXPECT_FALSE(must_probe_qemu(directory_ + "/cache"));
}

// Where libvirt 9, 11 and 12 have a domain's directories.
TEST_F(EmbedRoot, TakesADomainsDirectoriesFromItsUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give directories away";
  const std::string root = directory_ + "/root";
  const std::vector<std::string> directories{root + "/lib/qemu/domain-3-abcdefghijklmnopqrst",
                                             root + "/lib/qemu/channel/target/domain-3-abcdefghijklmnopqrst",
                                             root + "/run/qemu/channel/3-abcdefghijklmnopqrst"};
  for (const std::string& directory : directories) {
    std::filesystem::create_directories(directory);
    ASSERT_EQ(::chown(directory.c_str(), 4711, 4711), 0);
  }
  const auto closed = close_domain_directories(root, 3, "abcdefghijklmnopqrstuvwxyz");
  ASSERT_TRUE(closed) << closed.error().message();
  for (const std::string& directory : directories) {
    struct stat facts {};
    ASSERT_EQ(::stat(directory.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_uid, 0u) << directory;
    EXPECT_EQ(facts.st_gid, 4711u) << directory;
  }
  std::filesystem::remove_all(root);
  EXPECT_TRUE(close_domain_directories(root, 3, "abc")) << "a libvirt has not all of them";
}

}  // namespace
}  // namespace qvm::host
