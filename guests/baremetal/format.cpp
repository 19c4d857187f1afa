// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "guests/baremetal/print.h"

namespace guest {
namespace {

struct Bounded {
  char* next;
  char* last;  // the place of the NUL
};

void put_text(Sink sink, void* context, const char* text) {
  while (*text != '\0') sink(context, *text++);
}

void put_number(Sink sink, void* context, std::uint64_t number, unsigned base) {
  char digits[20];
  int count = 0;
  do {
    digits[count++] = "0123456789abcdef"[number % base];
    number /= base;
  } while (number != 0);
  while (count > 0) sink(context, digits[--count]);
}

void put_argument(Sink sink, void* context, const Argument& argument, unsigned base) {
  switch (argument.kind) {
    case Argument::Kind::text:
      put_text(sink, context, argument.text);
      return;
    case Argument::Kind::character:
      sink(context, static_cast<char>(argument.number));
      return;
    case Argument::Kind::number:
      if (argument.negative) sink(context, '-');
      if (base == 16) put_text(sink, context, "0x");
      put_number(sink, context, argument.number, base);
      return;
  }
}

}  // namespace

void format_to(Sink sink, void* context, const char* format, const Argument* arguments, std::size_t count) {
  std::size_t used = 0;
  for (const char* at = format; *at != '\0'; ++at) {
    const bool decimal = at[0] == '{' && at[1] == '}';
    const bool hexadecimal = at[0] == '{' && at[1] == 'x' && at[2] == '}';
    if (!decimal && !hexadecimal) {
      sink(context, *at);
      continue;
    }
    if (used < count) {
      put_argument(sink, context, arguments[used++], hexadecimal ? 16 : 10);
    } else {
      put_text(sink, context, "{?}");
    }
    at += hexadecimal ? 2 : 1;
  }
}

void format_into(char* buffer, std::size_t capacity, const char* format, const Argument* arguments,
                 std::size_t count) {
  if (capacity == 0) return;
  Bounded target{buffer, buffer + capacity - 1};
  const auto append = [](void* context, char character) {
    Bounded* bounded = static_cast<Bounded*>(context);
    if (bounded->next != bounded->last) *bounded->next++ = character;
  };
  format_to(append, &target, format, arguments, count);
  *target.next = '\0';
}

}  // namespace guest
