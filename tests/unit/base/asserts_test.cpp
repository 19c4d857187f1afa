// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Asserts are on in every build of this tree; see cmake/QvmTargets.cmake.

#include <gtest/gtest.h>

#include <cassert>
#include <iostream>
#include <vector>

namespace qvm {
namespace {

class AssertsDeathTest : public ::testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(AssertsDeathTest, OursEndTheProcess) {
  EXPECT_DEATH(assert(false && "said by the test"), "said by the test");
}

TEST_F(AssertsDeathTest, ThoseOfTheStandardLibraryToo) {
  std::vector<int> numbers(3);
  // Memory that the vector has, so that no sanitizer is first.
  numbers.resize(2);
  EXPECT_DEATH(std::cerr << numbers[2], "[Aa]ssert");
}

}  // namespace
}  // namespace qvm
