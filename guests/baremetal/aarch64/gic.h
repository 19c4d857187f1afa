// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The interrupt controller: GICv2 and GICv3, as the device tree says. Panics where the tree names none.
#pragma once

#include <cstdint>

namespace guest::gic {

inline constexpr unsigned kInterrupts = 1020;  // INTIDs 0..1019; the first 32 are of each processor

void prepare_distributor();     // once: all shared interrupts off
void prepare_this_processor();  // its private interrupts off, its interface on

// Level-triggered or not, to this processor.
void configure(unsigned intid, bool level);
void enable(unsigned intid);
void disable(unsigned intid);
bool is_pending(unsigned intid);

// INTID of the interrupt to handle now, kInterrupts or above if there is none; each is ended once.
std::uint32_t acknowledge();
void end(std::uint32_t acknowledged);

// Redistributor of this processor (version 3), 0 if the tree's regions have none.
std::uint64_t redistributor();

}  // namespace guest::gic
