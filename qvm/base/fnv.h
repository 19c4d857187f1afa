// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// FNV-1a: numbers that follow from texts and are the same in every build. No protection against who chooses
// the texts.
#pragma once

#include <cstdint>
#include <string_view>

namespace qvm {

class Fnv {
 public:
  constexpr void add(char c) { x_hash = (x_hash ^ static_cast<unsigned char>(c)) * 1099511628211U; }
  constexpr void add(std::string_view text) {
    for (const char c : text) add(c);
  }
  // The lower bits of FNV-1a alone spread texts that differ in their last letters badly.
  constexpr std::uint64_t value() const { return x_hash ^ (x_hash >> 32); }

 private:
  std::uint64_t x_hash = 14695981039346656037U;
};

}  // namespace qvm
