// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/plan/machine_extras.h"

#include "vdevs/vmhost/config_fields.h"

namespace qvm::plan {

void add_extras(const Planned& planned, const config::SourceSet& sources, vmhost::MachineExtras& extras) {
  const vdevs::VdevPlan& plan = planned.plan;
  const std::string place = sources.describe(planned.vdev->where);
  if (!plan.pci_config_space.empty())
    extras.pci_functions.push_back({planned.id, place, {.fixed_space = plan.pci_config_space}});
  if (!plan.second_place) return;
  const auto part = value_of(kWords<vmhost::SecondPlace::Part>, plan.second_place->type);
  if (part)
    extras.second_places.push_back({*part, place, {plan.second_place->address, plan.second_place->length}});
}

void add_memory(const std::vector<OwnedRange>& ranges, const config::SourceSet& sources,
                vmhost::MachineExtras& extras) {
  for (const OwnedRange& range : ranges)
    extras.memory.push_back(
        {sources.describe(range.where), {range.start, range.length}, range.kind == MemoryRange::Kind::ram});
}

std::vector<Window> windows_of(const vmhost::MachineExtras& extras) {
  constexpr std::uint64_t kFirstMiB = 1 << 20;
  std::vector<Window> result;
  for (const vmhost::AddedMemory& piece : extras.memory) {
    if (piece.range.address >= kFirstMiB) result.push_back({piece.range.address, piece.range.length});
  }
  for (const vmhost::SecondPlace& second : extras.second_places)
    result.push_back({second.range.address, second.range.length});
  return result;
}

}  // namespace qvm::plan
