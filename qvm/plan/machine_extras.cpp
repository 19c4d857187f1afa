// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/plan/machine_extras.h"

#include <nlohmann/json.hpp>

#include "qvm/base/hex.h"

namespace qvm::plan {

void MachineExtras::add(const std::string& id, const std::string& place, const vdevs::VdevPlan& plan) {
  if (!plan.pci_config_space.empty()) pci_functions.push_back({id, place, plan.pci_config_space});
  if (plan.second_place) second_places.push_back({place, *plan.second_place});
}

void MachineExtras::add_memory(const std::vector<OwnedRange>& ranges, const config::SourceSet& sources) {
  for (const OwnedRange& range : ranges)
    memory.push_back(
        {sources.describe(range.where), range.start, range.length, range.kind == MemoryRange::Kind::ram});
}

std::vector<Window> MachineExtras::windows() const {
  constexpr std::uint64_t kFirstMiB = 1 << 20;
  std::vector<Window> result;
  for (const Memory& piece : memory) {
    if (piece.address >= kFirstMiB) result.push_back({piece.address, piece.length});
  }
  for (const SecondPlace& second : second_places) result.push_back({second.at.address, second.at.length});
  return result;
}

void MachineExtras::write_to(nlohmann::ordered_json& json) const {
  for (const PciFunction& function : pci_functions) {
    json["pci_functions"].push_back(
        {{"id", function.id}, {"place", function.place}, {"config", to_hex(function.config_space)}});
  }
  for (const Memory& piece : memory) {
    nlohmann::ordered_json entry = {
        {"place", piece.place}, {"address", piece.address}, {"length", piece.length}};
    if (piece.writable) entry["writable"] = true;
    json["memory"].push_back(std::move(entry));
  }
  for (const SecondPlace& second : second_places) {
    json["second_places"].push_back({{"part", second.at.type},
                                     {"place", second.place},
                                     {"address", second.at.address},
                                     {"length", second.at.length}});
  }
}

}  // namespace qvm::plan
