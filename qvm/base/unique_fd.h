// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// A file descriptor that closes itself.
#pragma once

#include <unistd.h>

#include <utility>

namespace qvm {

// Owns one descriptor, or none (-1). Not thread-safe; moves transfer ownership.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : x_fd(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : x_fd(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  int get() const { return x_fd; }
  explicit operator bool() const { return x_fd >= 0; }
  // The caller owns the descriptor from here on.
  [[nodiscard]] int release() { return std::exchange(x_fd, -1); }
  void reset(int fd = -1) {
    if (x_fd >= 0) ::close(x_fd);
    x_fd = fd;
  }

 private:
  int x_fd = -1;
};

}  // namespace qvm
