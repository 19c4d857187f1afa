// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Time by the time stamp counter, and the PIT as something that interrupts.
#pragma once

#include <cstdint>

#include "guests/baremetal/interrupts.h"

namespace guest {

// Frequency of the time stamp counter: `tsc_khz=` of the command line, else measured once against the PIT (20
// ms).
std::uint64_t timestamp_khz();

// Busy for at least that long.
void spin_microseconds(std::uint64_t microseconds);

// `handler` is called every `microseconds` (1..50,000) until stop_timer(). Uses I/O APIC pin 2, where the PIT
// is.
void start_timer(std::uint32_t microseconds, Handler handler);
void stop_timer();

}  // namespace guest
