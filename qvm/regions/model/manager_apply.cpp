// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The half of the manager that takes over events: what is recorded and what is read back go the same way.
#include <algorithm>
#include <cassert>
#include <cstdint>

#include "qvm/regions/model/manager.h"

namespace qvm::regions {
namespace {

// The keeper's keys are four times as many, and a number beyond the last would be the first again.
constexpr Id kIds = Id{1} << 62;
bool is_usable(Id id) {
  return id != 0 && id < kIds;
}

}  // namespace

std::string Principal::key() const {
  return is_vm() ? "vm:" + vm_name : "uid:" + std::to_string(identity.uid);
}

std::uint32_t RegionState::attached_mask() const {
  std::uint32_t mask = 0;
  for (unsigned i = 0; i < kMaxClients; ++i) {
    if (slots[i] != 0) mask |= 1U << i;
  }
  return mask;
}

Result<void> Manager::apply(const Event& event) {
  return std::visit([this](const auto& one) { return apply_event(one); }, event);
}

void Manager::record(Events& events, Event event) {
  [[maybe_unused]] const auto applied = apply(event);
  assert(applied.has_value());
  events.push_back(std::move(event));
}

void Manager::charge(const std::string& key, const Usage& more) {
  Usage& usage = x_usage[key];
  usage.bytes += more.bytes;
  usage.regions += more.regions;
  usage.connections += more.connections;
}

void Manager::refund(const std::string& key, const Usage& less) {
  const auto found = x_usage.find(key);
  Usage& usage = found->second;
  usage.bytes -= less.bytes;
  usage.regions -= less.regions;
  usage.connections -= less.connections;
  if (usage == Usage{}) x_usage.erase(found);
}

Result<void> Manager::apply_event(const IdsUsed& event) {
  if (event.next < x_next || event.next > kIds) return fail("numbers would be used again");
  x_next = event.next;
  return {};
}

Result<void> Manager::apply_event(const VmAdded& event) {
  if (!is_usable(event.id) || x_vms.contains(event.id) || find_vm(event.policy.vm) != nullptr) {
    return fail("VM '" + event.policy.vm + "' exists already");
  }
  note_id(event.id);
  x_vms.emplace(event.id, VmState{event, 0});
  return {};
}

Result<void> Manager::apply_event(const VmRemoved& event) {
  const bool used =
      std::any_of(x_sessions.begin(), x_sessions.end(),
                  [&](const auto& entry) { return entry.second.opened.principal.vm == event.id; }) ||
      std::any_of(x_regions.begin(), x_regions.end(),
                  [&](const auto& entry) { return entry.second.holders.contains(event.id); });
  if (event.id != 0 && used) return fail("a VM with sessions or regions cannot go");
  if (x_vms.erase(event.id) == 0) return fail("no such VM");
  return {};
}

Result<void> Manager::apply_event(const RegionCreated& event) {
  if (!is_usable(event.id) || x_regions.contains(event.id) || x_region_names.contains(event.name)) {
    return fail("region '" + event.name + "' exists already");
  }
  if (event.pages == 0 || event.pages > UINT64_MAX / kPageBytes) return fail("no region can have that size");
  note_id(event.id);
  x_region_names.emplace(event.name, event.id);
  const std::uint64_t bytes = event.pages * kPageBytes;
  x_total_bytes += bytes;
  charge(event.payer, {.bytes = bytes, .regions = 1});
  if (!event.system.empty()) charge(system_key(event.system), {.bytes = bytes, .regions = 1});
  x_regions.emplace(event.id, RegionState{event, {}, {}});
  return {};
}

Result<void> Manager::apply_event(const RegionDestroyed& event) {
  const auto found = x_regions.find(event.id);
  if (found == x_regions.end()) return fail("no such region");
  if (found->second.attached_mask() != 0) return fail("a region with clients cannot go");
  const RegionCreated& created = found->second.created;
  const std::uint64_t bytes = created.pages * kPageBytes;
  x_total_bytes -= bytes;
  refund(created.payer, {.bytes = bytes, .regions = 1});
  if (!created.system.empty()) refund(system_key(created.system), {.bytes = bytes, .regions = 1});
  x_region_names.erase(created.name);
  x_regions.erase(found);
  return {};
}

Result<void> Manager::apply_event(const RegionHeld& event) {
  const auto found = x_regions.find(event.region);
  if (found == x_regions.end()) return fail("no such region");
  if (event.holder != kManifest && !x_vms.contains(event.holder)) return fail("no such holder");
  if (!found->second.holders.insert(event.holder).second) return fail("the region is held already");
  return {};
}

Result<void> Manager::apply_event(const RegionReleased& event) {
  const auto found = x_regions.find(event.region);
  if (found == x_regions.end() || found->second.holders.erase(event.holder) == 0) {
    return fail("the region is not held");
  }
  return {};
}

Result<void> Manager::apply_event(const SessionOpened& event) {
  if (!is_usable(event.id) || x_sessions.contains(event.id)) return fail("the session exists already");
  if (event.principal.is_vm() && !x_vms.contains(event.principal.vm)) return fail("no such VM");
  note_id(event.id);
  x_sessions.emplace(event.id, SessionState{event, {}});
  return {};
}

Result<void> Manager::apply_event(const SessionClosed& event) {
  const auto found = x_sessions.find(event.id);
  if (found == x_sessions.end()) return fail("no such session");
  if (!found->second.connections.empty()) return fail("a session with connections cannot go");
  x_sessions.erase(found);
  return {};
}

Result<void> Manager::apply_event(const Attached& event) {
  const auto session = x_sessions.find(event.session);
  const auto region = x_regions.find(event.region);
  if (session == x_sessions.end() || region == x_regions.end()) return fail("no such session or region");
  if (!is_usable(event.id) || x_connections.contains(event.id)) return fail("the connection exists already");
  if (event.index >= kMaxClients || region->second.slots[event.index] != 0) return fail("the index is taken");
  note_id(event.id);
  region->second.slots[event.index] = event.id;
  region->second.created.generation[event.index] = event.generation;
  session->second.connections.insert(event.id);
  const Principal& principal = session->second.opened.principal;
  charge(principal.key(), {.connections = 1});
  if (const SystemLimits* system = system_of(principal))
    charge(system_key(system->system), {.connections = 1});
  if (!principal.is_vm()) ++x_host_connections;
  x_connections.emplace(event.id, event);
  return {};
}

Result<void> Manager::apply_event(const Detached& event) {
  const auto found = x_connections.find(event.id);
  if (found == x_connections.end()) return fail("no such connection");
  SessionState& session = x_sessions.at(found->second.session);
  x_regions.at(found->second.region).slots[found->second.index] = 0;
  session.connections.erase(event.id);
  const Principal& principal = session.opened.principal;
  if (!principal.is_vm()) --x_host_connections;
  refund(principal.key(), {.connections = 1});
  if (const SystemLimits* system = system_of(principal))
    refund(system_key(system->system), {.connections = 1});
  x_connections.erase(found);
  return {};
}

Events Manager::snapshot() const {
  Events events;
  events.push_back(IdsUsed{x_next});
  for (const auto& [id, vm] : x_vms) events.push_back(vm.added);
  for (const auto& [id, region] : x_regions) {
    events.push_back(region.created);
    for (const Id holder : region.holders) events.emplace_back(RegionHeld{id, holder});
  }
  for (const auto& [id, session] : x_sessions) events.push_back(session.opened);
  for (const auto& [id, connection] : x_connections) events.push_back(connection);
  return events;
}

}  // namespace qvm::regions
