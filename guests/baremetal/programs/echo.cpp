// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// echo: gives every line that it gets on its console back, until one says "quit".
#include "guests/baremetal/command_line.h"
#include "guests/baremetal/cpu.h"
#include "guests/baremetal/interrupts.h"
#include "guests/baremetal/machine.h"
#include "guests/baremetal/print.h"

namespace {

constexpr std::uint16_t kSerial = 0x3f8;
constexpr std::uint16_t kInterruptEnable = kSerial + 1;
constexpr std::uint16_t kModemControl = kSerial + 4;
constexpr std::uint16_t kLineStatus = kSerial + 5;
constexpr std::uint8_t kDataReady = 1;
constexpr std::uint8_t kReceived = 1;      // of the interrupt enable register
constexpr std::uint8_t kInterruptOut = 8;  // OUT2 lets the interrupt through
constexpr unsigned kSerialPin = 4;
constexpr std::size_t kLineBytes = 80;

char line[kLineBytes + 1];
std::size_t length = 0;
volatile bool complete = false;

void take() {
  while (!complete && (guest::in8(kLineStatus) & kDataReady) != 0) {
    const char character = static_cast<char>(guest::in8(kSerial));
    if (character == '\r' || character == '\n') {
      line[length] = '\0';
      complete = true;
    } else if (length < kLineBytes) {
      line[length++] = character;
    }
  }
}

}  // namespace

void guest_main() {
  guest::connect_pin(kSerialPin, guest::Trigger::edge, take);
  guest::out8(kModemControl, kInterruptOut);
  guest::out8(kInterruptEnable, kReceived);
  guest::print("echo: say something\n");
  for (;;) {
    guest::wait_until([] { return complete; });
    guest::interrupts_off();
    guest::print("echo: {}\n", line);
    if (guest::same_text(line, "quit")) return;
    length = 0;
    complete = false;
    take();  // what came meanwhile
  }
}
