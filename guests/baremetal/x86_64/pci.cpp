// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "guests/baremetal/x86_64/pci.h"

#include "guests/baremetal/cpu.h"

namespace guest::pci {
namespace {

constexpr std::uint16_t kAddress = 0xcf8;
constexpr std::uint16_t kData = 0xcfc;
constexpr std::uint32_t kEnable = 1u << 31;
constexpr std::uint32_t kCapabilityPointer = 0x34;
constexpr unsigned kMaxCapabilities = 48;  // 192 bytes of room for them, 4 bytes each at least

void select(Device device, std::uint32_t offset) {
  out32(kAddress, kEnable | device.slot << 11 | device.function << 8 | (offset & 0xfc));
}

}  // namespace

std::uint32_t read(Device device, std::uint32_t offset) {
  select(device, offset);
  return in32(kData);
}

void write(Device device, std::uint32_t offset, std::uint32_t value) {
  select(device, offset);
  out32(kData, value);
}

bool find(std::uint16_t vendor, std::uint16_t device, Device* found) {
  const std::uint32_t wanted = std::uint32_t{device} << 16 | vendor;
  for (std::uint32_t slot = 0; slot < 32; ++slot) {
    for (std::uint32_t function = 0; function < 8; ++function) {
      if (read({slot, function}, 0) != wanted) continue;
      *found = {slot, function};
      return true;
    }
  }
  return false;
}

std::uint32_t find_capability(Device device, std::uint8_t id) {
  std::uint32_t at = read(device, kCapabilityPointer) & 0xfc;
  for (unsigned i = 0; i < kMaxCapabilities && at != 0; ++i) {
    const std::uint32_t header = read(device, at);
    if ((header & 0xff) == id) return at;
    at = header >> 8 & 0xfc;
  }
  return 0;
}

}  // namespace guest::pci
