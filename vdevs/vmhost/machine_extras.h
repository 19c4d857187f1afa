// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What vmhost adds to a machine besides vdevs, as vmhost.json says it.
#pragma once

#include <string>
#include <vector>

#include "vdevs/vmhost/address_range.h"
#include "vdevs/vmhost/pci_config.h"

namespace qvm::vmhost {

// A PCI function of nothing but its configuration space.
struct FixedFunction {
  std::string id{};
  std::string place{};
  PciConfig config{};

  // "vdev pci-dummy0 (left.qvmconf:12:6)", for messages.
  std::string title() const;
  bool operator==(const FixedFunction&) const = default;
};

// Memory that the machine lacks; its contents are QEMU's loader's affair.
struct AddedMemory {
  std::string place{};
  AddressRange range{};
  bool writable = false;  // else the guest cannot change it

  bool operator==(const AddedMemory&) const = default;
};

// Where the guest finds registers of a part of the machine as well.
struct SecondPlace {
  enum class Part { io_apic, precision_timer };
  Part part = Part::io_apic;
  std::string place{};
  AddressRange range{};

  bool operator==(const SecondPlace&) const = default;
};

struct MachineExtras {
  std::vector<FixedFunction> pci_functions;
  std::vector<AddedMemory> memory;
  std::vector<SecondPlace> second_places;

  bool empty() const { return pci_functions.empty() && memory.empty() && second_places.empty(); }
  bool operator==(const MachineExtras&) const = default;
};

}  // namespace qvm::vmhost
