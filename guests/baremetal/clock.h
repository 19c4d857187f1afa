// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Time by the processor's counter, and a timer that interrupts.
#pragma once

#include <cstdint>

#include "guests/baremetal/interrupts.h"

namespace guest {

// Frequency of timestamp(). x86-64: `tsc_khz=` of the command line, else measured once against the PIT (30
// ms). aarch64: what the generic timer's own register says.
std::uint64_t timestamp_khz();

// Busy for at least that long.
void spin_microseconds(std::uint64_t microseconds);

// `handler` is called every `microseconds` (1..50,000) until stop_timer(). x86-64: the PIT at I/O APIC pin 2.
// aarch64: the virtual timer of the boot processor.
void start_timer(std::uint32_t microseconds, Handler handler);
void stop_timer();

}  // namespace guest
