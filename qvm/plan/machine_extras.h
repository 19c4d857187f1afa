// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What vmhost adds to a machine besides vdevs. In vmhost.json, each list absent if it is empty:
//
//   "pci_functions": [{"id": ID, "place": TEXT, "config": 512 hexadecimal digits}]
//       functions of nothing but their configuration space
//   "memory": [{"place": TEXT, "address": N, "length": N, "writable": true}]
//       memory that the machine lacks; QEMU's loader fills it. Not "writable": the guest cannot change it
//   "second_places": [{"part": TYPE of a vdev, "place": TEXT, "address": N, "length": N}]
//       where the guest finds the registers of that part of the machine as well
//
// "place" is in the configuration, for messages: "left.qvmconf:9:6".
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "config/source.h"
#include "qvm/plan/acpi.h"
#include "qvm/plan/address_map.h"
#include "vdevs/plan.h"

namespace qvm::plan {

struct MachineExtras {
  struct PciFunction {
    std::string id;  // of its vdev
    std::string place;
    std::string config_space;  // bytes
  };
  struct Memory {
    std::string place;
    std::uint64_t address = 0;
    std::uint64_t length = 0;
    bool writable = false;
  };
  struct SecondPlace {
    std::string place;
    vdevs::SecondPlace at;
  };
  std::vector<PciFunction> pci_functions;
  std::vector<Memory> memory;
  std::vector<SecondPlace> second_places;

  // What a vdev's plan asks for.
  void add(const std::string& id, const std::string& place, const vdevs::VdevPlan& plan);
  void add_memory(const std::vector<OwnedRange>& ranges, const config::SourceSet& sources);
  bool empty() const { return pci_functions.empty() && memory.empty() && second_places.empty(); }
  // What of it is in the place of PCI devices' memory: ACPI keeps the guest from putting any there.
  std::vector<Window> windows() const;
  void write_to(nlohmann::ordered_json& json) const;
};

}  // namespace qvm::plan
