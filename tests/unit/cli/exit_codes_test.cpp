// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/cli/exit_codes.h"

#include <gtest/gtest.h>

namespace qvm::cli {
namespace {

using daemon::Outcome;

TEST(ExitCodes, AreThoseOfQnx) {
  EXPECT_EQ(exit_code(Outcome::shutdown), 0);
  EXPECT_EQ(exit_code(Outcome::stopped), 0);
  EXPECT_EQ(exit_code(Outcome::watchdog), 4);
  EXPECT_EQ(exit_code(Outcome::unsupported), 5);
  EXPECT_EQ(exit_code(Outcome::device), 6);
  EXPECT_EQ(exit_code(Outcome::panicked), 7);
  EXPECT_EQ(exit_code(Outcome::not_started), 64);
  EXPECT_EQ(exit_code(Outcome::died), 96);
}

}  // namespace
}  // namespace qvm::cli
