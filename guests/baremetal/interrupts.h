// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Interrupts by number, as a qvmconf writes them behind the controller: the pin of the I/O APIC on x86-64,
// the GIC's INTID on aarch64.
#pragma once

#include <cstdint>

namespace guest {

// Runs with interrupts off on the processor that got the interrupt. The end-of-interrupt follows after it
// returned.
using Handler = void (*)();

enum class Trigger : std::uint8_t { edge, level };  // both active high

// First thing on the boot processor: exceptions end the machine with a message, everything is masked.
// Interrupts stay off.
void prepare_interrupts();
// The same for a further processor, which shares the boot processor's handlers.
void prepare_interrupts_of_this_processor();

// Whether a device's interrupt can have this number.
bool is_pin(std::uint64_t pin);

// Routes the interrupt to this handler on the boot processor and unmasks it. May be repeated to change the
// trigger. Panics if it is none.
void connect_pin(unsigned pin, Trigger trigger, Handler handler);
void mask_pin(unsigned pin);
void unmask_pin(unsigned pin);

}  // namespace guest
