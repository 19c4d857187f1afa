// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "guests/baremetal/clock.h"

#include "guests/baremetal/aarch64/board.h"
#include "guests/baremetal/cpu.h"
#include "guests/baremetal/machine.h"

namespace guest {
namespace {

constexpr std::uint64_t kEnabled = 1;

Handler timer_handler = nullptr;
std::uint64_t interval = 0;
std::uint64_t next_tick = 0;

void set_timer(std::uint64_t when) {
  asm volatile("msr cntv_cval_el0, %0; isb" : : "r"(when));
}

void control_timer(std::uint64_t value) {
  asm volatile("msr cntv_ctl_el0, %0; isb" : : "r"(value));
}

void on_timer() {
  next_tick += interval;
  set_timer(next_tick);
  timer_handler();
}

}  // namespace

std::uint64_t timestamp_khz() {
  std::uint64_t hertz;
  asm volatile("mrs %0, cntfrq_el0" : "=r"(hertz));
  return hertz / 1000;
}

void spin_microseconds(std::uint64_t microseconds) {
  const std::uint64_t end = timestamp() + microseconds * timestamp_khz() / 1000;
  while (timestamp() < end) pause();
}

void start_timer(std::uint32_t microseconds, Handler handler) {
  if (board().timer_interrupt == 0) panic("the device tree names no timer");
  timer_handler = handler;
  interval = microseconds * timestamp_khz() / 1000;
  next_tick = timestamp() + interval;
  set_timer(next_tick);
  control_timer(kEnabled);
  connect_pin(board().timer_interrupt, Trigger::level, on_timer);
}

void stop_timer() {
  mask_pin(board().timer_interrupt);
  control_timer(0);
}

}  // namespace guest
