// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// A shared memory mapping that unmaps itself.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <utility>

#include "qvm/base/result.h"

namespace qvm {

// Owns one mmap'ed range, or none.
class Mapping {
 public:
  enum class Access { read_only, read_write };

  Mapping() = default;
  // Maps length bytes of fd from its start, MAP_SHARED; the descriptor may be closed afterwards.
  // Fails with the errno of mmap.
  static Result<Mapping> map(int fd, std::size_t length, Access access) {
    const int protection = access == Access::read_write ? PROT_READ | PROT_WRITE : PROT_READ;
    void* address = ::mmap(nullptr, length, protection, MAP_SHARED, fd, 0);
    if (address == MAP_FAILED) return fail_errno("map shared memory");
    Mapping mapping;
    mapping.x_address = address;
    mapping.x_length = length;
    return mapping;
  }

  Mapping(Mapping&& other) noexcept
      : x_address(std::exchange(other.x_address, nullptr)), x_length(std::exchange(other.x_length, 0)) {}
  Mapping& operator=(Mapping&& other) noexcept {
    if (this != &other) {
      reset();
      x_address = std::exchange(other.x_address, nullptr);
      x_length = std::exchange(other.x_length, 0);
    }
    return *this;
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() { reset(); }

  void* data() const { return x_address; }
  std::size_t size() const { return x_length; }
  explicit operator bool() const { return x_address != nullptr; }
  void reset() {
    if (x_address != nullptr) ::munmap(x_address, x_length);
    x_address = nullptr;
    x_length = 0;
  }

 private:
  void* x_address = nullptr;
  std::size_t x_length = 0;
};

}  // namespace qvm
