// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/vm_accounts.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace qvm::cli {
namespace {

TEST(VmAccounts, AreInTheRangeAndDifferent) {
  std::set<uid_t> users;
  for (int run = 0; run < 4; ++run) {
    for (int vm = 0; vm < 64; ++vm) {
      const uid_t uid = uid_for(UidRange(), "/run/qvm" + std::to_string(run), "vm" + std::to_string(vm));
      EXPECT_GE(uid, UidRange().first);
      EXPECT_LE(uid, UidRange().last);
      users.insert(uid);
    }
  }
  EXPECT_EQ(users.size(), 256U);
}

TEST(VmAccounts, AreTheSameTomorrow) {
  EXPECT_EQ(uid_for(UidRange(), "/run/qvm", "left"), uid_for(UidRange(), "/run/qvm", "left"));
  EXPECT_NE(uid_for(UidRange(), "/run/qvm", "left"), uid_for(UidRange(), "/run/qvmleft", ""));
  EXPECT_EQ(uid_for({5000, 5000}, "/run/qvm", "left"), 5000U);
}

TEST(VmAccounts, RangesAreTwoNumbers) {
  const auto range = parse_uid_range("70000-79999");
  ASSERT_TRUE(range);
  EXPECT_EQ(range->first, 70000U);
  EXPECT_EQ(range->last, 79999U);
  EXPECT_TRUE(parse_uid_range("1000-4294967294"));
}

class NoUidRange : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(All, NoUidRange,
                         testing::Values("", "-", "70000", "70000-", "-70000", "70001-70000", "999-2000",
                                         "0-0", "70000-4294967295", "70000-99999999999", " 70000-70001",
                                         "70000-70001x"));

TEST_P(NoUidRange, IsRefused) {
  const auto range = parse_uid_range(GetParam());
  ASSERT_FALSE(range);
  EXPECT_EQ(range.error().message(),
            "'" + std::string(GetParam()) +
                "' is no range of user numbers: two numbers of 1000 to 4294967294, the "
                "lower first, as in '2013265920-2080374783'");
}

TEST(VmAccounts, MustExistInTheUserNamespace) {
  const UidRange range{70000, 70009};
  EXPECT_TRUE(is_mapped(range, "         0          0 4294967295\n"));
  EXPECT_TRUE(is_mapped(range, "0 1000 1\n70000 100000 10\n"));
  EXPECT_FALSE(is_mapped(range, "0 1000 1\n70000 100000 9\n"));
  EXPECT_FALSE(is_mapped(range, "0 100000 65536\n"));
  EXPECT_FALSE(is_mapped(range, ""));
}

}  // namespace
}  // namespace qvm::cli
