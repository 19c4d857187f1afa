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

namespace {

vmhost::OptionUse option_of(const config::Option& option, const config::SourceSet& sources) {
  vmhost::OptionUse use{option.name, {}, sources.describe(option.where)};
  for (const config::Argument& argument : option.arguments) {
    vmhost::OptionArgument& given = use.args.emplace_back();
    given.text = argument.clear_number.empty() ? argument.text : argument.clear_number;
    if (const auto* number = std::get_if<std::uint64_t>(&argument.value)) given.value = *number;
    if (const bool* on = std::get_if<bool>(&argument.value)) given.value = *on;
    given.place = sources.describe(argument.where);
  }
  return use;
}

vmhost::Location location_of(const config::Location& location) {
  using Space = vmhost::Location::Space;
  return {location.space == config::Location::Space::memory ? Space::memory : Space::io,
          {location.address, location.length.value_or(0)}};
}

}  // namespace

std::vector<vmhost::VdevConfig> hosted_vdevs(const std::vector<Planned>& vdevs, const VmPlan& plan,
                                             const config::SourceSet& sources) {
  std::vector<vmhost::VdevConfig> hosted;
  for (const Planned& planned : vdevs) {
    if (!planned.plan.hosted) continue;
    vmhost::VdevConfig entry;
    entry.id = planned.id;
    entry.type = planned.vdev->type;
    entry.name = planned.vdev->name ? planned.vdev->name->value : "";
    entry.object = vdevs::absolute_path(plan.host.plugin_directory, planned.plan.hosted->object);
    entry.place = sources.describe(planned.vdev->where);
    if (const auto& pci = planned.plan.pci) {
      entry.pci = {
          .vendor = pci->vendor, .device = pci->device, .class_code = pci->class_code, .length = pci->length};
    } else {
      if (planned.vdev->location) entry.loc = location_of(planned.vdev->location->value);
      for (const auto& interrupt : planned.vdev->interrupts) {
        const Planned* controller = find_controller(vdevs, interrupt.value.controller);
        if (controller == nullptr || !interrupt.value.line) continue;
        entry.interrupts.push_back({controller->vdev->type, *interrupt.value.line});
      }
      if (!entry.interrupts.empty()) entry.interrupt = entry.interrupts.front();
      if (entry.interrupts.size() == 1) entry.interrupts.clear();
    }
    entry.window = planned.window;
    if (planned.plan.hosted->uses_regions) entry.region_socket = plan.directory() + "/regions.sock";
    for (const config::Option& option : planned.plan.hosted->options)
      entry.options.push_back(option_of(option, sources));
    hosted.push_back(std::move(entry));
  }
  return hosted;
}

std::vector<vmhost::PlacedPart> placed_parts(const std::vector<Planned>& vdevs,
                                             const config::SourceSet& sources) {
  std::vector<vmhost::PlacedPart> parts;
  for (const Planned& planned : vdevs) {
    for (const vdevs::Placement& placement : planned.plan.placements) {
      parts.push_back({.type = placement.object_type,
                       .serial = placement.serial,
                       .transport_of = placement.transport_of,
                       .addresses = placement.addresses,
                       .line = placement.line,
                       .legacy = placement.legacy,
                       .title = planned.owner(),
                       .place = sources.describe(placement.where)});
    }
  }
  return parts;
}

}  // namespace qvm::plan
