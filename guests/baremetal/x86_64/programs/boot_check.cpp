// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// boot-check: tries the runtime itself, without any device of ours: console, command line, interrupts, a
// second processor, memory above 4 GiB, reset, shutdown.
//   name=TEXT number=N   printed back
//   processors=2         there is a second processor; it is started
//   resets=N             resets itself N times first
#include "guests/baremetal/clock.h"
#include "guests/baremetal/command_line.h"
#include "guests/baremetal/cpu.h"
#include "guests/baremetal/machine.h"
#include "guests/baremetal/print.h"
#include "guests/baremetal/processors.h"
#include "guests/baremetal/x86_64/cmos.h"

namespace {

constexpr std::uint8_t kBootCount = 0x40;
constexpr unsigned kTicks = 5;
constexpr std::uint32_t kTickMicroseconds = 2000;
constexpr std::uint64_t kHighAddress = 5ull << 30;

volatile unsigned ticks = 0;
volatile unsigned second_sum = 0;

void on_tick() {
  ticks = ticks + 1;
}
void second_processor() {
  for (unsigned i = 1; i <= 100; ++i) second_sum = second_sum + i;
}

}  // namespace

void guest_main() {
  using guest::print;
  const std::uint8_t boots = guest::read_cmos(kBootCount);
  print("boot-check: boot {}, name={} number={}\n", boots, guest::option("name", "nobody").text,
        guest::option_number("number", 7));
  guest::write_cmos(kBootCount, static_cast<std::uint8_t>(boots + 1));
  if (boots < guest::option_number("resets", 0)) guest::reset_machine();

  guest::start_timer(kTickMicroseconds, on_tick);
  guest::wait_until([] { return ticks >= kTicks; });
  guest::stop_timer();
  print("boot-check: {} timer interrupts, time stamp counter at {} kHz\n", kTicks, guest::timestamp_khz());

  if (guest::option_number("processors", 1) > 1) {
    if (!guest::start_second_processor(second_processor)) guest::panic("the second processor did not start");
    while (second_sum != 5050) guest::pause();
    print("boot-check: second processor ran\n");
  }
  if (!guest::map_physical(kHighAddress, 4096)) guest::panic("nothing can be mapped above 4 GiB");
  guest::read_at<std::uint32_t>(kHighAddress);
  print("boot-check: ok\n");
}
