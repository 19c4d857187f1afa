// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The words `key=value` of the boot loader's command line.
#pragma once

#include <cstddef>
#include <cstdint>

namespace guest {

inline constexpr std::size_t kMaxOptionBytes = 64;

struct OptionText {
  char text[kMaxOptionBytes];  // NUL-terminated; longer values are cut off
  bool given;                  // `key=` was there
};

// The last `key=value` decides. `fallback` where there is none.
OptionText option(const char* key, const char* fallback);

// The same as a number, decimal or 0x hexadecimal. Panics if the value is no number.
std::uint64_t option_number(const char* key, std::uint64_t fallback);

bool same_text(const char* left, const char* right);

}  // namespace guest
