// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>

#include "qvm/daemon/control/runtime_directory.h"

namespace qvm::daemon {
namespace {

class GoodVmName : public testing::TestWithParam<const char*> {};
TEST_P(GoodVmName, IsTaken) {
  EXPECT_EQ(why_not_a_vm_name(GetParam()), "");
}
INSTANTIATE_TEST_SUITE_P(All, GoodVmName, testing::Values("a", "left", "qnx-7.1_A", "_x", "0"));

class BadVmName : public testing::TestWithParam<const char*> {};
TEST_P(BadVmName, IsRefused) {
  EXPECT_NE(why_not_a_vm_name(GetParam()), "");
}
INSTANTIATE_TEST_SUITE_P(All, BadVmName,
                         testing::Values("", ".", "..", "-a", ".a", "a/b", "a b", "ä", "a\n"));

TEST(VmName, LimitIs64Bytes) {
  EXPECT_EQ(why_not_a_vm_name(std::string(64, 'a')), "");
  EXPECT_EQ(why_not_a_vm_name(std::string(65, 'a')),
            "the VM name '" + std::string(65, 'a') + "' is longer than 64 bytes");
}

TEST(SocketLengths, FitExactlyUpToTheNamedLimit) {
  // The console's socket: ROOT/vm/NAME/console.sock; libvirt's monitor takes 20 bytes of the name at most.
  const std::string name(64, 'n');
  std::size_t longest = 0;
  for (std::size_t length = 2; length < 100; ++length) {
    if (check_socket_lengths(RuntimePaths("/" + std::string(length - 1, 'r')), name)) longest = length;
  }
  ASSERT_GT(longest, 0U);
  const auto too_long = check_socket_lengths(RuntimePaths("/" + std::string(longest, 'r')), name);
  ASSERT_FALSE(too_long);
  EXPECT_NE(too_long.error().message().find("at most " + std::to_string(longest) + " are possible"),
            std::string::npos)
      << too_long.error().message();
}

}  // namespace
}  // namespace qvm::daemon
