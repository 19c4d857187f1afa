// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "guests/baremetal/command_line.h"

#include "guests/baremetal/machine.h"
#include "guests/baremetal/print.h"

namespace guest {
namespace {

bool is_blank(char character) {
  return character == ' ' || character == '\t' || character == '\n';
}

// The value behind `key=` at the start of `word`, or null.
const char* value_of(const char* word, const char* key) {
  while (*key != '\0' && *word == *key) {
    ++word;
    ++key;
  }
  return *key == '\0' && *word == '=' ? word + 1 : nullptr;
}

void copy_word(OptionText& target, const char* word) {
  std::size_t length = 0;
  while (length + 1 < kMaxOptionBytes && word[length] != '\0' && !is_blank(word[length])) {
    target.text[length] = word[length];
    ++length;
  }
  target.text[length] = '\0';
}

int digit_value(char character) {
  if (character >= '0' && character <= '9') return character - '0';
  if (character >= 'a' && character <= 'f') return character - 'a' + 10;
  if (character >= 'A' && character <= 'F') return character - 'A' + 10;
  return 16;
}

}  // namespace

OptionText option(const char* key, const char* fallback) {
  OptionText result{};
  copy_word(result, fallback);
  for (const char* at = boot_command_line(); *at != '\0';) {
    if (const char* value = value_of(at, key); value != nullptr) {
      copy_word(result, value);
      result.given = true;
    }
    while (*at != '\0' && !is_blank(*at)) ++at;
    while (is_blank(*at)) ++at;
  }
  return result;
}

std::uint64_t option_number(const char* key, std::uint64_t fallback) {
  const OptionText value = option(key, "");
  if (!value.given) return fallback;
  const bool hexadecimal = value.text[0] == '0' && (value.text[1] == 'x' || value.text[1] == 'X');
  const int base = hexadecimal ? 16 : 10;
  const char* at = value.text + (hexadecimal ? 2 : 0);
  std::uint64_t number = 0;
  bool valid = *at != '\0';
  for (; *at != '\0'; ++at) {
    const int digit = digit_value(*at);
    if (digit >= base) valid = false;
    number = number * static_cast<std::uint64_t>(base) + static_cast<std::uint64_t>(digit);
  }
  if (!valid) {
    print("option '{}': '{}' is no number\n", key, value.text);
    panic("bad command line");
  }
  return number;
}

bool same_text(const char* left, const char* right) {
  while (*left != '\0' && *left == *right) {
    ++left;
    ++right;
  }
  return *left == *right;
}

}  // namespace guest
