// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The local APIC of each processor and the I/O APIC at 0xfec00000, beyond what interrupts.h has of them. The
// two 8259s are masked.
#pragma once

#include <cstdint>

#include "guests/baremetal/interrupts.h"

namespace guest {

inline constexpr unsigned kIoApicPins = 24;

// A vector for this handler, for message-signalled interrupts. Panics when all are in use.
std::uint8_t allocate_vector(Handler handler);

// Raw low word of a pin's redirection entry, for tests that want it as it is after reset.
std::uint32_t read_pin(unsigned pin);
// A register of the I/O APIC: 1 is its version.
std::uint32_t read_io_apic(std::uint32_t reg);
void write_pin(unsigned pin, std::uint32_t low);
inline constexpr std::uint32_t kPinMasked = 1u << 16;
inline constexpr std::uint32_t kPinLevel = 1u << 15;

// Inter-processor interrupt command, as the local APIC's register takes it.
void send_ipi(std::uint8_t apic_id, std::uint32_t command);
std::uint8_t this_apic_id();

}  // namespace guest
