// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Logs that are too long for the daemon that looks after them.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <string>
#include <thread>

#include "qvm/base/log_limit.h"

namespace qvm::test {

inline off_t allocated_bytes(const std::string& path) {
  struct stat facts {};
  EXPECT_EQ(::stat(path.c_str(), &facts), 0);
  return facts.st_blocks * 512;
}

// Adds more to it than is kept of a log.
inline void fill_log(const std::string& path) {
  std::ofstream log(path, std::ios::binary | std::ios::app);
  const std::string piece(1 << 20, 'x');
  for (off_t bytes = 0; bytes < 2 * kKeptOfALog; bytes += static_cast<off_t>(piece.size())) log << piece;
  log.close();
  EXPECT_GT(allocated_bytes(path), kKeptOfALog);
}

inline bool is_shortened_soon(const std::string& path) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (allocated_bytes(path) > kKeptOfALog + (off_t{1} << 20)) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return true;
}

}  // namespace qvm::test
