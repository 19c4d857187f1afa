// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// vdev wdt-sp805: a counter that raises an interrupt when it comes to zero, and bites when it comes there
// again with the interrupt still up. Knows no QEMU.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>

#include "vdevs/wdt-sp805/host.h"
#include "vdevs/wdt-sp805/registers.h"

namespace qvm::sp805 {

// Any thread may call any member; one mutex makes them atomic.
class Device {
 public:
  // host is borrowed and outlives the device. frequency: of the counter, in hertz, not 0.
  Device(Host& host, std::uint32_t frequency) : x_host(host), x_frequency(frequency) {}
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  // A guest access within the page. Only aligned ones of 4 bytes mean anything: other reads give 0, other
  // stores are ignored.
  std::uint64_t read(std::uint64_t offset, unsigned width);
  void write(std::uint64_t offset, unsigned width, std::uint64_t value);

  // The timer that was asked for last has run out. A call that comes too early is harmless.
  void expired();

  // Power-on state: it does not count, its line is low.
  void reset();

 private:
  // All of these: x_mutex held.
  std::uint32_t register_value(std::uint64_t offset);
  std::uint32_t counter();
  void set_control(std::uint32_t value);
  void restart();
  void skip_missed();
  void arm();
  void update_line();
  bool counts() const { return (x_control & kInterruptEnable) != 0; }
  // Without RESEN, coming to zero again with the interrupt up changes nothing: a counter of few ticks then
  // costs nothing.
  bool zero_matters() const { return !x_raised || (x_control & kResetEnable) != 0; }
  std::chrono::nanoseconds period() const;

  Host& x_host;
  const std::uint32_t x_frequency;

  std::mutex x_mutex;  // taken after QEMU's lock; guards everything below
  std::uint32_t x_load = kLoadAtReset;
  std::uint32_t x_control = 0;
  std::uint32_t x_stopped_at = kLoadAtReset;  // the counter, while it does not count
  bool x_raised = false;                      // the interrupt, whether it gets out or not
  bool x_locked = false;
  bool x_line_high = false;
  std::chrono::nanoseconds x_zero_at{0};  // when the counter comes to zero next, while it counts
};

}  // namespace qvm::sp805
