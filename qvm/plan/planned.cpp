// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/plan/planned.h"

#include <fmt/format.h>

#include <algorithm>

#include "vdevs/host_path.h"

namespace qvm::plan {

const Planned* find_controller(const std::vector<Planned>& vdevs, const std::string& name) {
  for (const Planned& planned : vdevs) {
    if (!planned.plan.controller_lines) continue;
    if (controller_name(planned) == name) return &planned;
  }
  return nullptr;
}

Board describe_board(const std::vector<Planned>& vdevs, const RamLayout& ram, const VmPlan& plan) {
  Board board;
  board.cpus = plan.vcpus;
  board.cpu = plan.host.acceleration == HostFacts::Acceleration::kvm ? "arm,armv8" : "arm,cortex-a57";
  for (const OwnedRange& range : ram.ranges) board.memory.push_back({range.start, range.length});
  for (const Planned& planned : vdevs) {
    if (!planned.plan.node) continue;
    std::string label = planned.id;
    // A minus sign cannot be in the name of a reference.
    std::replace(label.begin(), label.end(), '-', '_');
    if (planned.vdev->name) label = planned.vdev->name->value;
    if (planned.plan.node->controller) label = controller_name(planned);
    board.nodes.push_back({planned.vdev->type, std::move(label), *planned.plan.node});
  }
  return board;
}

regions::VmPolicy policy_of(const std::vector<Planned>& vdevs, const VmPlan& plan) {
  regions::VmPolicy policy;
  policy.vm = plan.name;
  policy.uid = plan.host.uid.value_or(plan.host.caller_uid);
  policy.gid = plan.host.gid.value_or(plan.host.uid.value_or(plan.host.caller_gid));
  policy.groups = plan.host.groups;
  for (const Planned& planned : vdevs) {
    if (planned.plan.policy) policy.vdevs.push_back(*planned.plan.policy);
  }
  return policy;
}

std::vector<HostedVdev> hosted_vdevs(const std::vector<Planned>& vdevs, const VmPlan& plan,
                                     const config::SourceSet& sources) {
  std::vector<HostedVdev> hosted;
  for (const Planned& planned : vdevs) {
    if (!planned.plan.hosted) continue;
    HostedVdev entry;
    entry.id = planned.id;
    entry.type = planned.vdev->type;
    entry.name = planned.vdev->name ? planned.vdev->name->value : "";
    entry.object = vdevs::absolute_path(plan.host.plugin_directory, planned.plan.hosted->object);
    entry.place = sources.describe(planned.vdev->where);
    entry.pci = planned.plan.pci;
    if (planned.vdev->location && !entry.pci) {
      entry.space = planned.vdev->location->value.space;
      entry.location = {planned.vdev->location->value.address,
                        planned.vdev->location->value.length.value_or(0)};
    }
    for (const auto& interrupt : planned.vdev->interrupts) {
      const Planned* controller = find_controller(vdevs, interrupt.value.controller);
      if (controller == nullptr || !interrupt.value.line || entry.pci) continue;
      entry.interrupts.push_back({controller->vdev->type, *interrupt.value.line});
    }
    entry.window = planned.window;
    if (planned.plan.hosted->uses_regions) entry.region_socket = plan.directory() + "/regions.sock";
    entry.options = planned.plan.hosted->options;
    hosted.push_back(std::move(entry));
  }
  return hosted;
}

std::vector<PlacedPart> placed_parts(const std::vector<Planned>& vdevs, const config::SourceSet& sources) {
  std::vector<PlacedPart> parts;
  for (const Planned& planned : vdevs) {
    for (const vdevs::Placement& placement : planned.plan.placements)
      parts.push_back({planned.owner(), sources.describe(placement.where), placement});
  }
  return parts;
}

}  // namespace qvm::plan
