// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "guests/baremetal/console.h"

#include "guests/baremetal/aarch64/board.h"
#include "guests/baremetal/aarch64/pl011.h"
#include "guests/baremetal/cpu.h"
#include "guests/baremetal/machine.h"
#include "guests/baremetal/print.h"

namespace guest {
namespace {

constexpr std::uint32_t kEightBitsWithoutFifo = 3u << 5;
constexpr std::uint32_t kOn = 0x301;  // the device, its transmitter and its receiver
// A console that nobody takes data from must not stop the guest for ever.
constexpr unsigned kPatience = 1'000'000;

bool is_on = false;

std::uint64_t base() {
  return board().console.registers.address;
}

void turn_on() {
  write_at<std::uint32_t>(base() + pl011::kControl, 0);
  write_at<std::uint32_t>(base() + pl011::kLineControl, kEightBitsWithoutFifo);
  write_at<std::uint32_t>(base() + pl011::kControl, kOn);
  is_on = true;
}

void put(void*, char character) {
  if (character == '\n') put(nullptr, '\r');
  const std::uint64_t flags = base() + pl011::kFlags;
  for (unsigned i = 0; i < kPatience && (read_at<std::uint32_t>(flags) & pl011::kTransmitFull) != 0; ++i)
    pause();
  write_at<std::uint32_t>(base() + pl011::kData, static_cast<unsigned char>(character));
}

}  // namespace

void print_arguments(const char* format, const Argument* arguments, std::size_t count) {
  if (!board().console.present()) return;
  if (!is_on) turn_on();
  format_to(put, nullptr, format, arguments, count);
}

void connect_console(Handler handler) {
  if (!board().console.present()) panic("the device tree names no console");
  if (!is_on) turn_on();
  connect_pin(board().console.interrupt, Trigger::level, handler);
  write_at<std::uint32_t>(base() + pl011::kInterruptMask, pl011::kReceived | pl011::kReceiveTimeout);
}

int read_console() {
  if ((read_at<std::uint32_t>(base() + pl011::kFlags) & pl011::kReceiveEmpty) != 0) return -1;
  return static_cast<int>(read_at<std::uint32_t>(base() + pl011::kData) & 0xff);
}

}  // namespace guest
