// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/plan/vmhost_json.h"

#include <nlohmann/json.hpp>

namespace qvm::plan {
namespace {

using Json = nlohmann::ordered_json;

std::string_view space_name(config::Location::Space space) {
  switch (space) {
    case config::Location::Space::memory:
      return "memory";
    case config::Location::Space::io:
      return "io";
    case config::Location::Space::pci:
      return "pci";
  }
  return "";
}

Json to_json(const HostedVdev::Interrupt& interrupt) {
  return {{"controller", interrupt.controller}, {"line", interrupt.line}};
}

Json to_json(const config::Argument& argument, const config::SourceSet& sources) {
  Json json = {{"text", argument.clear_number.empty() ? argument.text : argument.clear_number}};
  if (const auto* number = std::get_if<std::uint64_t>(&argument.value)) json["value"] = *number;
  if (const bool* on = std::get_if<bool>(&argument.value)) json["value"] = *on;
  json["place"] = sources.describe(argument.where);
  return json;
}

Json to_json(const config::Option& option, const config::SourceSet& sources) {
  Json arguments = Json::array();
  for (const config::Argument& argument : option.arguments) arguments.push_back(to_json(argument, sources));
  return {{"name", option.name}, {"args", arguments}, {"place", sources.describe(option.where)}};
}

Json to_json(const HostedVdev& vdev, const config::SourceSet& sources) {
  Json json = {{"id", vdev.id},
               {"type", vdev.type},
               {"name", vdev.name},
               {"object", vdev.object},
               {"place", vdev.place}};
  if (vdev.space) {
    json["loc"] = {{"space", space_name(*vdev.space)},
                   {"address", vdev.location.start},
                   {"length", vdev.location.length}};
  }
  if (vdev.pci) {
    json["pci"] = {{"vendor", vdev.pci->vendor},
                   {"device", vdev.pci->device},
                   {"class", vdev.pci->class_code},
                   {"length", vdev.pci->length}};
  }
  if (!vdev.interrupts.empty()) json["interrupt"] = to_json(vdev.interrupts.front());
  if (vdev.interrupts.size() > 1) {
    for (const HostedVdev::Interrupt& interrupt : vdev.interrupts)
      json["interrupts"].push_back(to_json(interrupt));
  }
  if (vdev.window) json["window"] = {{"address", vdev.window->start}, {"length", vdev.window->length}};
  if (!vdev.region_socket.empty()) json["region_socket"] = vdev.region_socket;
  json["options"] = Json::array();
  for (const config::Option& option : vdev.options) json["options"].push_back(to_json(option, sources));
  return json;
}

Json to_json(const PlacedPart& part) {
  const vdevs::Placement& placement = part.placement;
  Json json = {{"title", part.title}, {"place", part.place}};
  if (!placement.object_type.empty()) json["type"] = placement.object_type;
  if (!placement.serial.empty()) json["serial"] = placement.serial;
  if (!placement.transport_of.empty()) json["transport_of"] = placement.transport_of;
  json["addresses"] = placement.addresses;
  if (placement.line) json["line"] = *placement.line;
  if (placement.legacy) json["legacy"] = true;
  return json;
}

}  // namespace

std::string build_vmhost_json(const std::string& vm, const std::vector<HostedVdev>& vdevs,
                              const std::vector<PlacedPart>& placed, const MachineExtras& extras,
                              const config::SourceSet& sources) {
  if (vdevs.empty() && placed.empty() && extras.empty()) return {};
  Json json = {{"version", 1}, {"vm", vm}, {"vdevs", Json::array()}};
  for (const HostedVdev& vdev : vdevs) json["vdevs"].push_back(to_json(vdev, sources));
  for (const PlacedPart& part : placed) json["placed"].push_back(to_json(part));
  extras.write_to(json);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace qvm::plan
