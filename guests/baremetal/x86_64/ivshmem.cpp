// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "guests/baremetal/ivshmem.h"

#include "guests/baremetal/cpu.h"
#include "guests/baremetal/machine.h"
#include "guests/baremetal/x86_64/apic.h"
#include "guests/baremetal/x86_64/pci.h"

namespace guest {
namespace {

constexpr std::uint16_t kVendor = 0x1af4;
constexpr std::uint16_t kDevice = 0x1110;
constexpr std::uint32_t kCommand = 0x04;
constexpr std::uint32_t kMemoryAndMaster = 6;
constexpr std::uint32_t kBar0 = 0x10;
constexpr std::uint8_t kMsixCapability = 0x11;
constexpr std::uint32_t kMsixEnable = 1u << 31;

// Nobody else is on the bus: any place in the PCI hole does, if it is away from the shared memory device's
// window.
constexpr std::uint32_t kRegisters = 0xe0000000;
constexpr std::uint32_t kVectorTable = 0xe0010000;
constexpr std::uint32_t kMemory = 0xe1000000;

constexpr std::uint32_t kMessageAddress = 0xfee00000;

}  // namespace

bool Ivshmem::open(Handler handler, Ivshmem* device) {
  pci::Device found{};
  if (!pci::find(kVendor, kDevice, &found)) return false;
  pci::write(found, kBar0, kRegisters);
  pci::write(found, kBar0 + 4, kVectorTable);
  pci::write(found, kBar0 + 8, kMemory);
  pci::write(found, kBar0 + 12, 0);
  pci::write(found, kCommand, kMemoryAndMaster);
  const std::uint32_t msix = pci::find_capability(found, kMsixCapability);
  if (msix == 0) panic("ivshmem without MSI-X: it needs vectors=1");
  write_at<std::uint32_t>(kVectorTable, kMessageAddress | std::uint32_t{this_apic_id()} << 12);
  write_at<std::uint32_t>(kVectorTable + 4, 0);
  write_at<std::uint32_t>(kVectorTable + 8, allocate_vector(handler));
  write_at<std::uint32_t>(kVectorTable + 12, 0);
  pci::write(found, msix, pci::read(found, msix) | kMsixEnable);
  device->registers_ = kRegisters;
  device->memory_ = kMemory;
  return true;
}

}  // namespace guest
