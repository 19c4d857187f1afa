// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Text with values in it, without a C library: print("{} of {x}\n", count, mask). Also builds into a host
// program.
#pragma once

#include <cstddef>
#include <cstdint>

namespace guest {

// One value of a format. Strings are borrowed.
struct Argument {
  enum class Kind : std::uint8_t { number, text, character };
  Kind kind = Kind::number;
  bool negative = false;
  std::uint64_t number = 0;
  const char* text = nullptr;

  Argument(const char* value) : kind(Kind::text), text(value) {}  // NOLINT: meant to convert
  Argument(char value) : kind(Kind::character), number(static_cast<unsigned char>(value)) {}  // NOLINT
  Argument(unsigned value) : number(value) {}                                                 // NOLINT
  Argument(unsigned long value) : number(value) {}                                            // NOLINT
  Argument(unsigned long long value) : number(value) {}                                       // NOLINT
  Argument(long value)                                                                        // NOLINT
      : negative(value < 0),
        number(value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value)) {}
  Argument(int value) : Argument(static_cast<long>(value)) {}  // NOLINT
};

// Takes one character at a time.
using Sink = void (*)(void* context, char character);

// `{}` decimal or text, `{x}` hexadecimal with 0x; a missing argument prints `{?}`.
void format_to(Sink sink, void* context, const char* format, const Argument* arguments, std::size_t count);

// Writes at most `capacity` bytes including the terminating NUL; what does not fit is cut off.
void format_into(char* buffer, std::size_t capacity, const char* format, const Argument* arguments,
                 std::size_t count);

template <std::size_t N, typename... Values>
void format(char (&buffer)[N], const char* text, Values... values) {
  const Argument arguments[] = {Argument(values)..., Argument(0)};
  format_into(buffer, N, text, arguments, sizeof...(values));
}

// To the serial console of the machine; waits until the line has taken it.
void print_arguments(const char* format, const Argument* arguments, std::size_t count);

template <typename... Values>
void print(const char* text, Values... values) {
  const Argument arguments[] = {Argument(values)..., Argument(0)};
  print_arguments(text, arguments, sizeof...(values));
}

}  // namespace guest
