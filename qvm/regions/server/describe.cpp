// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <nlohmann/json.hpp>

#include "qvm/regions/model/access.h"
#include "qvm/regions/model/policy_fields.h"
#include "qvm/regions/server/server_impl.h"

namespace qvm::regions {
namespace {

using Json = nlohmann::ordered_json;

Json describe_client(const Manager& manager, const RegionStore& store, Id id) {
  const Attached& connection = manager.connections().at(id);
  const SessionOpened& session = manager.sessions().at(connection.session).opened;
  const Principal& who = session.principal;
  Json json = {{"index", connection.index},
               {"kind", who.is_vm() ? "vm" : "host"},
               {"who", who.is_vm() ? who.vm_name + "/" + who.label : who.label},
               {"pid", session.pid},
               {"uid", who.identity.uid},
               {"name", connection.name},
               {"since", connection.since},
               {"read_only", !connection.writable},
               {"signals", store.signals_of(id)}};
  if (who.is_vm()) json["vm"] = who.vm_name;
  return json;
}

Json describe_region(const Manager& manager, const RegionStore& store, const RegionState& region) {
  const RegionCreated& created = region.created;
  Json holders = Json::array();
  for (const Id holder : region.holders) {
    holders.push_back(holder == kManifest ? "manifest" : "vm:" + manager.vms().at(holder).added.policy.vm);
  }
  Json clients = Json::array();
  std::uint64_t signals = 0;
  for (const Id slot : region.slots) {
    if (slot == 0) continue;
    clients.push_back(describe_client(manager, store, slot));
    signals += clients.back().at("signals").get<std::uint64_t>();
  }
  Json json = {{"name", created.name},
               {"bytes", created.pages * kPageBytes},
               {"mode", octal_mode(created.mode)},
               {"owner", created.owner},
               {"group", created.group},
               {"since", created.since},
               {"made_by", created.payer.empty() ? "manifest" : created.payer},
               {"held_by", holders},
               {"huge_pages", qvm::name_of(kWords<HugePages>, created.backing.huge_pages)},
               {"locked", created.backing.lock},
               {"signals", signals},
               {"denials", region.denials},
               {"clients", clients}};
  if (!created.place.empty()) json["place"] = created.place;
  return json;
}

Json describe_vm(const Manager& manager, const VmState& vm) {
  const VmPolicy& policy = vm.added.policy;
  const Usage usage = manager.usage("vm:" + policy.vm);
  return {{"name", policy.vm},
          {"uid", policy.uid},
          {"gid", policy.gid},
          {"groups", policy.groups},
          {"connections", usage.connections},
          {"connections_limit", policy.connections},
          {"connections_per_region_limit", policy.connections_per_region},
          {"bytes", usage.bytes},
          {"bytes_limit", policy.bytes},
          {"regions", usage.regions},
          {"regions_limit", policy.regions},
          {"denials", vm.denials}};
}

}  // namespace

std::string describe_as_json(const Manager& manager, const RegionStore& store) {
  Json regions = Json::array();
  for (const auto& [id, region] : manager.regions())
    regions.push_back(describe_region(manager, store, region));
  Json vms = Json::array();
  for (const auto& [id, vm] : manager.vms()) vms.push_back(describe_vm(manager, vm));
  const Json all = {{"version", 1}, {"regions", regions}, {"vms", vms}};
  // Names are ASCII; labels and VM names are whatever somebody chose.
  return all.dump(-1, ' ', true, Json::error_handler_t::replace);
}

}  // namespace qvm::regions
