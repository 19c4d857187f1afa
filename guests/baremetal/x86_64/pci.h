// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// PCI configuration space of bus 0, through ports 0xcf8 and 0xcfc.
#pragma once

#include <cstdint>

namespace guest::pci {

struct Device {
  std::uint32_t slot;      // 0..31
  std::uint32_t function;  // 0..7
};

// offset: a multiple of 4.
std::uint32_t read(Device device, std::uint32_t offset);
void write(Device device, std::uint32_t offset, std::uint32_t value);

// The first function on bus 0 with this vendor and device; false if there is none.
bool find(std::uint16_t vendor, std::uint16_t device, Device* found);

// Offset of the capability with this id, 0 if there is none.
std::uint32_t find_capability(Device device, std::uint8_t id);

}  // namespace guest::pci
