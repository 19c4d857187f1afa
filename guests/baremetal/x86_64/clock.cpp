// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "guests/baremetal/clock.h"

#include "guests/baremetal/command_line.h"
#include "guests/baremetal/cpu.h"

namespace guest {
namespace {

constexpr std::uint64_t kPitHertz = 1'193'182;
constexpr std::uint16_t kPitCounter0 = 0x40;
constexpr std::uint16_t kPitCounter2 = 0x42;
constexpr std::uint16_t kPitMode = 0x43;
constexpr std::uint16_t kPortB =
    0x61;  // bit 0: gate of counter 2, bit 1: loudspeaker, bit 5: output of counter 2
constexpr std::uint8_t kGate2 = 1;
constexpr std::uint8_t kSpeaker = 2;
constexpr std::uint8_t kOutput2 = 0x20;
constexpr std::uint8_t kCounter2OneShot = 0xb0;
constexpr std::uint8_t kCounter0Periodic = 0x34;
constexpr std::uint8_t kCounter0Stopped = 0x30;  // waits for a count that never comes
constexpr unsigned kTimerPin = 2;
constexpr std::uint64_t kMeasureMilliseconds = 10;
constexpr unsigned kMeasurements = 3;

std::uint64_t known_khz = 0;

void load_counter(std::uint16_t port, std::uint64_t count) {
  out8(port, static_cast<std::uint8_t>(count));
  out8(port, static_cast<std::uint8_t>(count >> 8));
}

std::uint64_t measured_cycles() {
  const std::uint8_t port_b = in8(kPortB) & static_cast<std::uint8_t>(~(kSpeaker | kGate2));
  out8(kPortB, port_b);
  out8(kPitMode, kCounter2OneShot);
  load_counter(kPitCounter2, kPitHertz * kMeasureMilliseconds / 1000);
  const std::uint64_t start = timestamp();
  out8(kPortB, port_b | kGate2);
  while ((in8(kPortB) & kOutput2) == 0) pause();
  const std::uint64_t cycles = timestamp() - start;
  out8(kPortB, port_b);
  return cycles;
}

// The host may take the processor away in between, which makes a measurement too long, never too short.
std::uint64_t measure_khz() {
  std::uint64_t least = measured_cycles();
  for (unsigned i = 1; i < kMeasurements; ++i) {
    const std::uint64_t cycles = measured_cycles();
    if (cycles < least) least = cycles;
  }
  return least / kMeasureMilliseconds;
}

}  // namespace

std::uint64_t timestamp_khz() {
  if (known_khz == 0) known_khz = option_number("tsc_khz", 0);
  if (known_khz == 0) known_khz = measure_khz();
  return known_khz;
}

void spin_microseconds(std::uint64_t microseconds) {
  const std::uint64_t end = timestamp() + microseconds * timestamp_khz() / 1000;
  while (timestamp() < end) pause();
}

void start_timer(std::uint32_t microseconds, Handler handler) {
  connect_pin(kTimerPin, Trigger::edge, handler);
  out8(kPitMode, kCounter0Periodic);
  load_counter(kPitCounter0, microseconds * kPitHertz / 1'000'000);
}

void stop_timer() {
  mask_pin(kTimerPin);
  out8(kPitMode, kCounter0Stopped);
}

}  // namespace guest
