// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The four functions that the compiler may call on its own. The barriers keep it from turning the loops into
// calls of these very functions.
#include <cstddef>
#include <cstdint>

extern "C" {

void* memcpy(void* target, const void* source, std::size_t bytes) {
  char* to = static_cast<char*>(target);
  const char* from = static_cast<const char*>(source);
  for (; bytes >= 8; bytes -= 8, to += 8, from += 8) {
    std::uint64_t word;
    asm volatile("ldr %0, [%1]; str %0, [%2]" : "=&r"(word) : "r"(from), "r"(to) : "memory");
  }
  for (; bytes > 0; --bytes) {
    *to++ = *from++;
    asm volatile("" : : : "memory");
  }
  return target;
}

void* memset(void* target, int value, std::size_t bytes) {
  char* to = static_cast<char*>(target);
  const std::uint64_t word = (static_cast<std::uint64_t>(value) & 0xff) * 0x0101010101010101;
  for (; bytes >= 8; bytes -= 8, to += 8) asm volatile("str %0, [%1]" : : "r"(word), "r"(to) : "memory");
  for (; bytes > 0; --bytes) {
    *to++ = static_cast<char>(value);
    asm volatile("" : : : "memory");
  }
  return target;
}

void* memmove(void* target, const void* source, std::size_t bytes) {
  char* to = static_cast<char*>(target);
  const char* from = static_cast<const char*>(source);
  if (to <= from || to >= from + bytes) {
    for (std::size_t i = 0; i < bytes; ++i) {
      to[i] = from[i];
      asm volatile("" : : : "memory");
    }
    return target;
  }
  while (bytes-- > 0) {
    to[bytes] = from[bytes];
    asm volatile("" : : : "memory");
  }
  return target;
}

int memcmp(const void* left, const void* right, std::size_t bytes) {
  const unsigned char* a = static_cast<const unsigned char*>(left);
  const unsigned char* b = static_cast<const unsigned char*>(right);
  for (std::size_t i = 0; i < bytes; ++i) {
    if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
  }
  return 0;
}

}  // extern "C"
