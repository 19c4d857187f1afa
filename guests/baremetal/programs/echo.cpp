// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// echo: gives every line that it gets on its console back, until one says "quit".
#include "guests/baremetal/command_line.h"
#include "guests/baremetal/console.h"
#include "guests/baremetal/cpu.h"
#include "guests/baremetal/machine.h"
#include "guests/baremetal/print.h"

namespace {

constexpr std::size_t kLineBytes = 80;
constexpr std::size_t kReceivedBytes = 256;

// What came and was not looked at yet; what does not fit is lost.
char received[kReceivedBytes];
volatile std::size_t put_count = 0;
volatile std::size_t taken_count = 0;

void take() {
  for (int character = guest::read_console(); character >= 0; character = guest::read_console()) {
    if (put_count - taken_count == kReceivedBytes) continue;
    received[put_count % kReceivedBytes] = static_cast<char>(character);
    put_count = put_count + 1;
  }
}

char next_character() {
  guest::wait_until([] { return put_count != taken_count; });
  const char character = received[taken_count % kReceivedBytes];
  taken_count = taken_count + 1;
  return character;
}

}  // namespace

void guest_main() {
  char line[kLineBytes + 1];
  std::size_t length = 0;
  guest::connect_console(take);
  guest::print("echo: say something\n");
  for (;;) {
    const char character = next_character();
    if (character != '\r' && character != '\n') {
      if (length < kLineBytes) line[length++] = character;
      continue;
    }
    line[length] = '\0';
    length = 0;
    guest::print("echo: {}\n", static_cast<const char*>(line));
    if (guest::same_text(line, "quit")) return;
  }
}
