// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Leases on a device, played with a plain file.
#include "qvm/daemon/host/kvm_access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/acl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace qvm::daemon {
namespace {

constexpr uid_t kUser = 64123;
constexpr uid_t kOtherUser = 64124;

class KvmAccessTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = "/tmp/qvmd-kvm.XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    std::ofstream(device()) << "";
    ASSERT_EQ(::chmod(device().c_str(), 0600), 0);
    if (acl_text() == "unsupported") GTEST_SKIP() << "/tmp has no access control lists";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string device() const { return directory_ + "/kvm"; }
  std::string ledger() const { return directory_ + "/ledger"; }
  std::string acl_text() const {
    acl_t acl = ::acl_get_file(device().c_str(), ACL_TYPE_ACCESS);
    if (acl == nullptr) return "unsupported";
    char* text = ::acl_to_text(acl, nullptr);
    std::string copy = text;
    ::acl_free(text);
    ::acl_free(acl);
    return copy;
  }
  mode_t mode() const {
    struct stat facts {};
    EXPECT_EQ(::stat(device().c_str(), &facts), 0);
    return facts.st_mode & 0777;
  }

  std::string directory_;
};

TEST_F(KvmAccessTest, GivesAccessToOneUserAndTakesItBack) {
  const std::string before = acl_text();
  KvmAccess access(device(), ledger());

  ASSERT_TRUE(access.acquire(kUser));
  EXPECT_THAT(acl_text(), testing::HasSubstr("user:64123:rw-"));
  EXPECT_THAT(acl_text(), testing::HasSubstr("group::---"));
  EXPECT_THAT(acl_text(), testing::HasSubstr("other::---"));

  access.release(kUser);
  EXPECT_EQ(acl_text(), before);
  EXPECT_EQ(mode(), 0600U);
  EXPECT_FALSE(std::filesystem::exists(ledger()));
}

TEST_F(KvmAccessTest, LastOfSeveralHoldersEndsTheLease) {
  KvmAccess access(device(), ledger());
  ASSERT_TRUE(access.acquire(kUser));
  ASSERT_TRUE(access.acquire(kUser));
  access.release(kUser);
  EXPECT_THAT(acl_text(), testing::HasSubstr("user:64123:rw-"));
  access.release(kUser);
  EXPECT_THAT(acl_text(), testing::Not(testing::HasSubstr("64123")));
}

TEST_F(KvmAccessTest, UsersDoNotDisturbEachOther) {
  KvmAccess access(device(), ledger());
  ASSERT_TRUE(access.acquire(kUser));
  ASSERT_TRUE(access.acquire(kOtherUser));
  access.release(kUser);
  EXPECT_THAT(acl_text(), testing::HasSubstr("user:64124:rw-"));
  EXPECT_THAT(acl_text(), testing::Not(testing::HasSubstr("64123")));
  access.release(kOtherUser);
}

TEST_F(KvmAccessTest, LastHolderOnTheHostEndsTheLease) {
  KvmAccess one(device(), ledger());
  KvmAccess other(device(), ledger());
  ASSERT_TRUE(one.acquire(kUser));
  ASSERT_TRUE(other.acquire(kUser));
  one.release(kUser);
  EXPECT_THAT(acl_text(), testing::HasSubstr("user:64123:rw-"));
  other.release(kUser);
  EXPECT_THAT(acl_text(), testing::Not(testing::HasSubstr("64123")));
  EXPECT_FALSE(std::filesystem::exists(ledger()));
}

TEST_F(KvmAccessTest, ManyProcessesLoseNoLease) {
  std::vector<std::jthread> threads;
  std::atomic<int> lost = 0;
  for (uid_t i = 0; i < 4; ++i) {
    threads.emplace_back([&, uid = kUser + i % 2] {
      KvmAccess access(device(), ledger());
      for (int round = 0; round < 50; ++round) {
        if (!access.acquire(uid) || acl_text().find(std::to_string(uid)) == std::string::npos) ++lost;
        access.release(uid);
      }
    });
  }
  threads.clear();
  EXPECT_EQ(lost, 0);
  EXPECT_THAT(acl_text(), testing::Not(testing::HasSubstr("6412")));
  EXPECT_FALSE(std::filesystem::exists(ledger()));
}

TEST_F(KvmAccessTest, AccessThatTheAdministratorGaveStays) {
  acl_t acl = ::acl_from_text("u::rw-,u:64123:rw-,g::---,m::rw-,o::---");
  ASSERT_EQ(::acl_set_file(device().c_str(), ACL_TYPE_ACCESS, acl), 0);
  ::acl_free(acl);
  KvmAccess access(device(), ledger());
  ASSERT_TRUE(access.acquire(kUser));
  access.release(kUser);
  EXPECT_THAT(acl_text(), testing::HasSubstr("user:64123:rw-"));
}

TEST_F(KvmAccessTest, DeviceThatEverybodyMayUseIsLeftAlone) {
  ASSERT_EQ(::chmod(device().c_str(), 0666), 0);
  KvmAccess access(device(), ledger());
  ASSERT_TRUE(access.acquire(kUser));
  EXPECT_THAT(acl_text(), testing::Not(testing::HasSubstr("64123")));
  access.release(kUser);
  EXPECT_EQ(mode(), 0666U);
}

TEST_F(KvmAccessTest, SuccessorTakesBackWhatAKilledProcessGave) {
  {
    KvmAccess killed(device(), ledger());
    ASSERT_TRUE(killed.acquire(kUser));
  }
  EXPECT_TRUE(std::filesystem::exists(ledger()));
  KvmAccess(device(), ledger()).recover();
  EXPECT_THAT(acl_text(), testing::Not(testing::HasSubstr("64123")));
  EXPECT_FALSE(std::filesystem::exists(ledger()));
}

TEST_F(KvmAccessTest, SuccessorLeavesToOthersWhatTheyUseJustNow) {
  {
    KvmAccess killed(device(), ledger());
    ASSERT_TRUE(killed.acquire(kUser));
  }
  KvmAccess holder(device(), ledger());
  ASSERT_TRUE(holder.acquire(kUser));
  KvmAccess(device(), ledger()).recover();
  EXPECT_THAT(acl_text(), testing::HasSubstr("user:64123:rw-"));
  holder.release(kUser);
  EXPECT_THAT(acl_text(), testing::Not(testing::HasSubstr("64123")));
  EXPECT_FALSE(std::filesystem::exists(ledger()));
}

TEST_F(KvmAccessTest, MissingDeviceIsAFailureThatNamesIt) {
  KvmAccess access(directory_ + "/none", ledger());
  const auto granted = access.acquire(kUser);
  ASSERT_FALSE(granted);
  EXPECT_THAT(granted.error().message(), testing::HasSubstr(directory_ + "/none"));
  EXPECT_FALSE(std::filesystem::exists(ledger()));
}

TEST_F(KvmAccessTest, WhatIsNoKvmDeviceIsNotTakenForOne) {
  EXPECT_THAT(why_no_kvm(device()), testing::HasSubstr("has API version"));
  EXPECT_THAT(why_no_kvm(directory_ + "/none"), testing::HasSubstr("No such file"));
}

}  // namespace
}  // namespace qvm::daemon
