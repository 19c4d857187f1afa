// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "guests/baremetal/cpu.h"
#include "guests/baremetal/print.h"

namespace guest {
namespace {

constexpr std::uint16_t kSerial = 0x3f8;
constexpr std::uint16_t kLineStatus = kSerial + 5;
constexpr std::uint8_t kTransmitterEmpty = 0x20;
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

}  // namespace guest
