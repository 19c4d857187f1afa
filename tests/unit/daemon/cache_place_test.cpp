// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/control/cache_place.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "tests/support/temporary_directory.h"

namespace qvm::daemon {
namespace {

namespace fs = std::filesystem;

using testing::HasSubstr;

constexpr uid_t kUser = 1000;

TEST(WantedCache, IsTheChosenPlace) {
  EXPECT_EQ(wanted_cache({.uid = 0, .chosen = "/c", .home = "/root"}), "/c");
  EXPECT_EQ(wanted_cache({.uid = kUser, .chosen = "/c", .user_cache = "/x", .home = "/h"}), "/c");
}

TEST(WantedCache, OfRootIsTheHosts) {
  EXPECT_EQ(wanted_cache({.uid = 0, .user_cache = "/x", .home = "/root"}), "/var/cache/qvm");
}

TEST(WantedCache, OfAUserIsInTheHome) {
  EXPECT_EQ(wanted_cache({.uid = kUser, .user_cache = "/x", .home = "/h"}), "/x/qvm");
  EXPECT_EQ(wanted_cache({.uid = kUser, .home = "/h"}), "/h/.cache/qvm");
  EXPECT_EQ(wanted_cache({.uid = kUser, .home = "/"}), "/.cache/qvm");
}

TEST(WantedCache, IsNowhereWithoutAnAbsolutePath) {
  EXPECT_EQ(wanted_cache({.uid = kUser}), "");
  EXPECT_EQ(wanted_cache({.uid = kUser, .user_cache = "x", .home = "h"}), "");
}

class OpenCache : public testing::Test {
 protected:
  CachePlace open(const std::string& chosen) const {
    auto place = open_cache(paths_, {.uid = kUser, .chosen = chosen});
    EXPECT_TRUE(place) << place.error().message();
    return place.value_or(CachePlace());
  }

  const test::TemporaryDirectory directory_;
  const RuntimePaths paths_{directory_.path() + "/run"};
};

TEST_F(OpenCache, MakesTheWantedPlace) {
  const std::string wanted = directory_.path() + "/a/b";
  const CachePlace place = open(wanted);
  EXPECT_EQ(place.directory, wanted);
  EXPECT_EQ(place.why_not_kept, "");
  EXPECT_TRUE(fs::is_directory(wanted));
  EXPECT_FALSE(fs::exists(paths_.root()));
}

TEST_F(OpenCache, FallsBackToTheRuntimeDirectory) {
  const std::string file = directory_.add("file", "");
  const CachePlace place = open(file + "/cache");
  EXPECT_EQ(place.directory, paths_.root() + "/cache");
  EXPECT_THAT(place.why_not_kept, HasSubstr("'" + file + "/cache' cannot be made: "));
  EXPECT_TRUE(fs::is_directory(place.directory));
}

TEST_F(OpenCache, FallsBackWithoutAnyPlace) {
  const CachePlace place = open("");
  EXPECT_EQ(place.directory, paths_.root() + "/cache");
  EXPECT_EQ(place.why_not_kept, "neither XDG_CACHE_HOME nor HOME names a directory");
}

TEST_F(OpenCache, DoesWithoutAPlaceThatCannotBeWritten) {
  if (::geteuid() == 0 && !fs::exists("/proc/sys")) GTEST_SKIP() << "no place that root cannot write";
  // Nobody makes directories there.
  const CachePlace place = open("/proc/self/cache");
  EXPECT_EQ(place.directory, paths_.root() + "/cache");
  EXPECT_THAT(place.why_not_kept, HasSubstr("'/proc/self/cache' cannot be made"));
}

TEST_F(OpenCache, FailsWithoutARuntimeDirectory) {
  const RuntimePaths nowhere(directory_.path() + "/no/run");
  EXPECT_FALSE(open_cache(nowhere, {.uid = kUser, .chosen = "/proc/self/cache"}));
}

}  // namespace
}  // namespace qvm::daemon
