// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What the processor offers and C++ has no word for. Every architecture has these:
//   read_at<T>(address), write_at<T>(address, value)
//     one access of exactly T's width (1, 2, 4 or 8 bytes) at a physical address (memory is mapped 1:1),
//     never merged, split or reordered with other accesses of this kind; the address need only be aligned at
//     a device where kUnalignedDeviceAccess is false
//   timestamp()      a counter that never goes back, at timestamp_khz() of clock.h
//   interrupts_off(), interrupts_on()
//   pause()          for the inside of a loop that waits
//   wait_until(done) sleeps until `done()` holds, which an interrupt handler has to bring about; `done` is
//                    evaluated with interrupts off and no wake-up is lost; interrupts are on afterwards
#pragma once

#if defined(__x86_64__)
#include "guests/baremetal/x86_64/cpu.h"
#elif defined(__aarch64__)
#include "guests/baremetal/aarch64/cpu.h"
#else
#error "guests exist for x86-64 and aarch64"
#endif
