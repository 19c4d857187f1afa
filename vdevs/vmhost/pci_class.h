// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The part of QEMU's PCI device classes that a device model fills in, found in the running QEMU.
#pragma once

#include <cstddef>
#include <cstdint>

#include "qvm/base/result.h"
#include "vdevs/vmhost/qemu_api.h"

namespace qvm::vmhost {

// A run of members that has been the same in every QEMU that vmhost knows; where it begins differs.
struct PciClassPart {
  void (*realize)(PciDevice*, QemuError**);
  void (*exit)(PciDevice*);
  std::uint32_t (*config_read)(PciDevice*, std::uint32_t, int);
  void (*config_write)(PciDevice*, std::uint32_t address, std::uint32_t value, int width);
  std::uint16_t vendor;
  std::uint16_t device;
  std::uint8_t revision;
  std::uint16_t class_code;
};

// Immutable.
class PciClassLayout {
 public:
  // Looks for the numbers of well-known devices in their classes, and checks what lies around them against
  // functions whose addresses are known. Fails if anything is not as expected; changes nothing.
  static Result<PciClassLayout> find(const QemuApi& qemu);

  // The part in a class of a PCI device, or null if the class is too short to have one.
  PciClassPart* part(ObjectClass* klass) const;

 private:
  explicit PciClassLayout(std::size_t offset) : x_offset(offset) {}
  std::size_t x_offset;  // of the part in a class, bytes
};

}  // namespace qvm::vmhost
