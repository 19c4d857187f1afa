// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Interrupts: the local APIC of each processor and the I/O APIC at 0xfec00000. The two 8259s are masked.
#pragma once

#include <cstdint>

namespace guest {

// Runs with interrupts off on the processor that got the interrupt. The end-of-interrupt follows after it
// returned.
using Handler = void (*)();

inline constexpr unsigned kIoApicPins = 24;

enum class Trigger : std::uint8_t { edge, level };  // both active high

// First thing on the boot processor: exceptions end the machine with a message, everything is masked.
// Interrupts stay off.
void prepare_interrupts();
// The same for a further processor, which takes over the boot processor's vectors.
void prepare_interrupts_of_this_processor();

// A vector for this handler, for message-signalled interrupts. Panics when all are in use.
std::uint8_t allocate_vector(Handler handler);

// Routes I/O APIC pin 0..23 to this handler on the boot processor and unmasks it. May be repeated to change
// the trigger.
void connect_pin(unsigned pin, Trigger trigger, Handler handler);
void mask_pin(unsigned pin);
void unmask_pin(unsigned pin);
// Raw low word of a pin's redirection entry, for tests that want it as it is after reset.
std::uint32_t read_pin(unsigned pin);
void write_pin(unsigned pin, std::uint32_t low);
inline constexpr std::uint32_t kPinMasked = 1u << 16;
inline constexpr std::uint32_t kPinLevel = 1u << 15;

// Inter-processor interrupt command, as the local APIC's register takes it.
void send_ipi(std::uint8_t apic_id, std::uint32_t command);
std::uint8_t this_apic_id();

}  // namespace guest
