// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/base/runtime_place.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "tests/support/temporary_directory.h"

namespace qvm {
namespace {

std::string place(uid_t uid, const std::string& chosen, const std::string& user_runtime,
                  const std::set<std::string>& own) {
  return default_runtime_directory(
      {.uid = uid, .chosen = chosen, .user_runtime = user_runtime, .is_users = [&](const std::string& path) {
         return own.contains(path);
       }});
}

TEST(RuntimePlace, IsTheChosenOne) {
  EXPECT_EQ(place(0, "/x", "/run/user/0", {"/run/user/0"}), "/x");
  EXPECT_EQ(place(1000, "/x", "", {}), "/x");
}

TEST(RuntimePlace, OfRootDoesNotDependOnASession) {
  EXPECT_EQ(place(0, "", "/run/user/1000", {"/run/user/1000", "/run/user/0"}), "/run/qvm");
}

TEST(RuntimePlace, IsInTheSessionsDirectory) {
  EXPECT_EQ(place(1000, "", "/run/mine", {"/run/mine", "/run/user/1000"}), "/run/mine/qvm");
}

// As cron, su and a service have it.
TEST(RuntimePlace, IsFoundWithoutTheVariable) {
  EXPECT_EQ(place(1000, "", "", {"/run/user/1000"}), "/run/user/1000/qvm");
}

// As sudo -u leaves it: the variable names the directory of somebody else.
TEST(RuntimePlace, IsNotInSomebodyElsesDirectory) {
  EXPECT_EQ(place(1000, "", "/run/user/0", {"/run/user/1000"}), "/run/user/1000/qvm");
  EXPECT_EQ(place(1000, "", "relative", {"relative"}), "/tmp/qvm-1000");
}

TEST(RuntimePlace, OfAContainerIsBelowTmp) {
  EXPECT_EQ(place(1000, "", "", {}), "/tmp/qvm-1000");
  EXPECT_EQ(place(1000, "", "/run/user/1000", {}), "/tmp/qvm-1000");
}

TEST(RuntimePlace, IsUnsafeIfSomebodyElseMadeIt) {
  const test::TemporaryDirectory directory;
  const std::string missing = directory.path() + "/missing";
  const std::string link = directory.path() + "/link";
  std::filesystem::create_directory_symlink(directory.path(), link);
  EXPECT_TRUE(is_safe_for(::geteuid(), missing));
  EXPECT_TRUE(is_safe_for(::geteuid(), directory.path()));
  EXPECT_FALSE(is_safe_for(::geteuid() + 1, directory.path()));
  EXPECT_FALSE(is_safe_for(::geteuid(), link));
  EXPECT_FALSE(is_safe_for(::geteuid(), directory.add("file", "")));
}

}  // namespace
}  // namespace qvm
