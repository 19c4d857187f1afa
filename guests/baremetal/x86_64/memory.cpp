// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The four functions that the compiler may call on its own. `rep` instructions, because the compiler would
// turn plain loops into calls of these very functions.
#include <cstddef>

extern "C" {

void* memcpy(void* target, const void* source, std::size_t bytes) {
  void* at = target;
  asm volatile("rep movsb" : "+D"(at), "+S"(source), "+c"(bytes) : : "memory");
  return target;
}

void* memset(void* target, int value, std::size_t bytes) {
  void* at = target;
  asm volatile("rep stosb" : "+D"(at), "+c"(bytes) : "a"(value) : "memory");
  return target;
}

void* memmove(void* target, const void* source, std::size_t bytes) {
  char* to = static_cast<char*>(target);
  const char* from = static_cast<const char*>(source);
  if (to <= from || to >= from + bytes) return memcpy(target, source, bytes);
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
