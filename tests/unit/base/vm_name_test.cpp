// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/base/vm_name.h"

#include <gtest/gtest.h>

namespace qvm {
namespace {

class GoodVmName : public testing::TestWithParam<const char*> {};
TEST_P(GoodVmName, IsTaken) {
  EXPECT_TRUE(is_vm_name(GetParam()));
}
INSTANTIATE_TEST_SUITE_P(All, GoodVmName, testing::Values("a", "left", "qnx-7.1_A", "_x", "0"));

class BadVmName : public testing::TestWithParam<const char*> {};
TEST_P(BadVmName, IsRefused) {
  EXPECT_FALSE(is_vm_name(GetParam()));
}
INSTANTIATE_TEST_SUITE_P(All, BadVmName,
                         testing::Values("", ".", "..", "-a", ".a", "a/b", "a b", "ä", "a\n"));

TEST(VmName, HasAtMost64Bytes) {
  EXPECT_TRUE(is_vm_name(std::string(64, 'a')));
  EXPECT_FALSE(is_vm_name(std::string(65, 'a')));
}

TEST(VmName, IsRefusedWithWhatIsAllowed) {
  EXPECT_EQ(not_a_vm_name("-a"),
            "'-a' cannot be a VM's name: it has at most 64 letters, digits, '-', '_' and '.', the first a "
            "letter, a "
            "digit or '_'");
}

}  // namespace
}  // namespace qvm
