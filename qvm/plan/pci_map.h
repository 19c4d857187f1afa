// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Who has which device number of a guest's PCI bus.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/diagnostic.h"
#include "config/pci_position.h"
#include "vdevs/machine.h"

namespace qvm::plan {

struct PciOwner {
  std::uint32_t device = 0;
  std::string owner;
  config::SourceRange where;
};

// A PCI function that has yet to get its place.
struct PciWish {
  std::optional<config::PciPosition> position;  // as written; absent: any
  std::string owner;
  config::SourceRange where;
  std::size_t order = 0;                          // in the configuration
  std::optional<std::uint32_t>* place = nullptr;  // where its device number goes; stays absent after an error
};

class PciMap {
 public:
  explicit PciMap(const vdevs::Machine& machine);

  // False after an error in sink: no such position in this machine, or somebody else's.
  bool claim(const config::PciPosition& position, const std::string& owner, const config::SourceRange& where,
             config::DiagnosticSink& sink);
  // Keeps choose() away from a device number.
  void reserve(std::uint32_t device);
  // The lowest device number that is free, so that guests find devices in the order of their configuration.
  // nullopt: none is left.
  std::optional<std::uint32_t> choose(const std::string& owner, const config::SourceRange& where);
  // All at once: those with a position first, then the others in their order.
  void place(std::vector<PciWish> wishes, config::DiagnosticSink& sink);

 private:
  const PciOwner* find(std::uint64_t device) const;

  std::vector<PciOwner> x_owners;
  std::vector<std::uint32_t> x_reserved;
};

}  // namespace qvm::plan
