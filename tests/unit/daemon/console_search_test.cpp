// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/files/console_search.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temporary_directory.h"

namespace qvm::daemon {
namespace {

class ConsoleSearchTest : public testing::Test {
 protected:
  void write(const std::string& text) const {
    std::ofstream(path_, std::ios::app | std::ios::binary) << text;
  }

  test::TemporaryDirectory directory_;
  const std::string path_ = directory_.path() + "/console.log";
};

TEST_F(ConsoleSearchTest, FindsWhatComesInPieces) {
  ConsoleSearch search(path_, "login: ");
  EXPECT_FALSE(search.look()) << "there is no file yet";
  write("booting\r\nguest log");
  EXPECT_FALSE(search.look());
  write("in:");
  EXPECT_FALSE(search.look());
  write(" ");
  EXPECT_TRUE(search.look());
  write("more");
  EXPECT_TRUE(search.look());
}

TEST_F(ConsoleSearchTest, TakesEveryByteForWhatItIs) {
  ConsoleSearch search(path_, ".*");
  write(std::string("ab\0c\xff", 5));
  EXPECT_FALSE(search.look());
  write(".*");
  EXPECT_TRUE(search.look());
}

TEST_F(ConsoleSearchTest, ForgetsTheRunBefore) {
  ConsoleSearch search(path_, "ready");
  write("ready");
  EXPECT_TRUE(search.look());
  std::filesystem::rename(path_, path_ + ".1");
  EXPECT_FALSE(search.look());
  write("not yet read");
  EXPECT_FALSE(search.look());
  write("y, now ready");
  EXPECT_TRUE(search.look());
}

TEST_F(ConsoleSearchTest, ReadsALotInSeveralLooks) {
  ConsoleSearch search(path_, "end");
  write(std::string(std::size_t{5} << 20U, 'x') + "end");
  unsigned looks = 1;
  while (!search.look() && looks < 100) ++looks;
  EXPECT_GT(looks, 1U);
  EXPECT_LT(looks, 100U);
}

}  // namespace
}  // namespace qvm::daemon
