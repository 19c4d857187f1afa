// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "guests/baremetal/shmem_place.h"

#include "guests/abi/guest_shm.h"
#include "guests/baremetal/x86_64/pci.h"

namespace guest {
namespace {

constexpr std::uint64_t kUsualFactory = 0x1c050000;

constexpr std::uint32_t kCommand = 4;
constexpr std::uint32_t kBar0 = 0x10;
constexpr std::uint32_t kBarFlags = 0xf;
constexpr std::uint32_t kFreePlace = 0xe0200000;  // for firmware that gives BARs none

}  // namespace

std::uint64_t usual_factory() {
  return kUsualFactory;
}

std::uint64_t factory_on_pci() {
  pci::Device device{};
  if (!pci::find(GUEST_SHM_PCI_VENDOR, GUEST_SHM_PCI_DEVICE, &device)) return 0;
  if ((pci::read(device, kBar0) & ~kBarFlags) == 0) pci::write(device, kBar0, kFreePlace);
  // As the drivers do that the device must get along with: everything on, "no interrupts" too.
  pci::write(device, kCommand, 0xffff);
  return pci::read(device, kBar0) & ~kBarFlags;
}

}  // namespace guest
