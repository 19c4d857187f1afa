// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// A fuzzing input that is read as a sequence of actions with their arguments.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

namespace qvm::fuzz {

// Behind the end everything reads as 0.
class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : x_data(data), x_size(size) {}

  bool empty() const { return x_at == x_size; }
  template <class T>
  T number() {
    T value{};
    const std::size_t part = std::min(sizeof value, x_size - x_at);
    if (part != 0) std::memcpy(&value, x_data + x_at, part);
    x_at += part;
    return value;
  }
  std::uint8_t byte() { return number<std::uint8_t>(); }
  // Below bound, which is at most 256.
  unsigned below(unsigned bound) { return byte() % bound; }
  std::string text(std::size_t size) {
    const std::size_t part = std::min(size, x_size - x_at);
    std::string value(reinterpret_cast<const char*>(x_data) + x_at, part);
    x_at += part;
    return value;
  }

 private:
  const std::uint8_t* x_data;
  std::size_t x_size;
  std::size_t x_at = 0;
};

}  // namespace qvm::fuzz
