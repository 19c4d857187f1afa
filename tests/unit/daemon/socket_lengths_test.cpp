// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>

#include "qvm/daemon/control/runtime_directory.h"

namespace qvm::daemon {
namespace {

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
