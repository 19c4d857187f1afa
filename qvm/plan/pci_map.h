// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Who has which function of a guest's PCI bus.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/model/pci_position.h"
#include "config/text/diagnostic.h"
#include "vdevs/machine.h"

namespace qvm::plan {

// Where a function is on the guest's only bus.
struct PciPlace {
  std::uint32_t device = 0;
  std::uint32_t function = 0;
  bool has_siblings = false;  // its device has other functions, too

  // What QEMU wants to know of function 0 of a device with several.
  bool multifunction() const { return function == 0 && has_siblings; }
  // For QEMU's options: "bus=pci.0,addr=0x5".
  std::string qemu_options() const;
};

// "0:5", "0:5.1"
std::string describe_pci(std::uint64_t device, std::uint64_t function);

struct PciOwner {
  std::uint32_t device = 0;
  std::optional<std::uint32_t> function;  // absent: the whole device is its owner's
  std::string owner;
  config::SourceRange where;
};

// A PCI function that has yet to get its place.
struct PciWish {
  std::optional<config::PciPosition> position;  // as written; absent: any
  std::string owner;
  config::SourceRange where;
  std::size_t order = 0;                     // in the configuration
  std::optional<PciPlace>* place = nullptr;  // where it is put; stays absent after an error
};

class PciMap {
 public:
  explicit PciMap(const vdevs::Machine& machine);

  // False after an error in sink: no such position in this machine, or somebody else's.
  bool claim(const config::PciPosition& position, const std::string& owner, const config::SourceRange& where,
             config::DiagnosticSink& sink);
  // Keeps choose() away from a device number.
  void reserve(std::uint32_t device);
  // Function 0 of the lowest device number that is free, so that guests find devices in the order of their
  // configuration. nullopt: none is left.
  std::optional<std::uint32_t> choose(const std::string& owner, const config::SourceRange& where);
  // All at once: those with a position first, then the others in their order.
  void place(std::vector<PciWish> wishes, config::DiagnosticSink& sink);

 private:
  const PciOwner* find(std::uint64_t device, std::uint64_t function) const;
  bool has_other_functions(const PciPlace& place) const;

  std::vector<PciOwner> x_owners;
  std::vector<std::uint32_t> x_reserved;
};

}  // namespace qvm::plan
