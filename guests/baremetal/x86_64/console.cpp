// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "guests/baremetal/console.h"

#include "guests/baremetal/cpu.h"
#include "guests/baremetal/print.h"

namespace guest {
namespace {

constexpr std::uint16_t kSerial = 0x3f8;
constexpr std::uint16_t kInterruptEnable = kSerial + 1;
constexpr std::uint16_t kModemControl = kSerial + 4;
constexpr std::uint16_t kLineStatus = kSerial + 5;
constexpr std::uint8_t kDataReady = 1;
constexpr std::uint8_t kTransmitterEmpty = 0x20;
constexpr std::uint8_t kReceived = 1;      // of the interrupt enable register
constexpr std::uint8_t kInterruptOut = 8;  // OUT2 lets the interrupt through
constexpr unsigned kSerialPin = 4;
// A console that nobody takes data from must not stop the guest for ever.
constexpr unsigned kPatience = 1'000'000;

void put(void*, char character) {
  if (character == '\n') put(nullptr, '\r');
  for (unsigned i = 0; i < kPatience && (in8(kLineStatus) & kTransmitterEmpty) == 0; ++i) pause();
  out8(kSerial, static_cast<std::uint8_t>(character));
}

}  // namespace

void print_arguments(const char* format, const Argument* arguments, std::size_t count) {
  format_to(put, nullptr, format, arguments, count);
}

void connect_console(Handler handler) {
  connect_pin(kSerialPin, Trigger::edge, handler);
  out8(kModemControl, kInterruptOut);
  out8(kInterruptEnable, kReceived);
}

int read_console() {
  return (in8(kLineStatus) & kDataReady) != 0 ? in8(kSerial) : -1;
}

}  // namespace guest
