// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The part of the manager that changes things at somebody's request.
#include "qvm/regions/model/manager.h"

#include <algorithm>
#include <limits>

#include "qvm/regions/model/manager_judge.h"

namespace qvm::regions {

namespace {

RegionCreated made_from(const RegionSpec& spec, std::int64_t now) {
  const std::uint64_t unit = spec.backing.huge_pages == HugePages::require ? kHugePageBytes : kPageBytes;
  return {.name = spec.name,
          .pages = units_for(spec.bytes, unit) * (unit / kPageBytes),
          .mode = spec.mode & kModeBits,
          .owner = spec.owner,
          .group = spec.group,
          .payer = {},
          .system = spec.system.system,
          .place = spec.place,
          .backing = spec.backing,
          .since = now};
}

// What its clients can tell of it.
bool looks_like(const RegionCreated& one, const RegionCreated& other) {
  return one.pages == other.pages && one.mode == other.mode && one.owner == other.owner &&
         one.group == other.group && one.backing == other.backing;
}

std::string cite(const char* what, const std::string& name, const std::string& place) {
  return std::string(what) + " '" + name + "'" + in_brackets(place);
}

}  // namespace

const VmState* Manager::find_vm(std::string_view name) const {
  const auto found = std::find_if(x_vms.begin(), x_vms.end(),
                                  [name](const auto& vm) { return vm.second.added.policy.vm == name; });
  return found == x_vms.end() ? nullptr : &found->second;
}

const RegionState* Manager::find_region(std::string_view name) const {
  const auto found = x_region_names.find(name);
  return found == x_region_names.end() ? nullptr : &x_regions.at(found->second);
}

Usage Manager::usage(const std::string& key) const {
  const auto found = x_usage.find(key);
  return found == x_usage.end() ? Usage{} : found->second;
}

Result<void> Manager::create_region(Events& events, RegionCreated region, const Bounds& bounds) {
  if (region.pages == 0) return fail("its size is 0");
  for (const Limit& limit : limits_of_region(region.pages, region.payer, bounds)) {
    if (limit.exceeded()) return fail(limit.complaint());
  }
  region.id = next_id();
  record(events, std::move(region));
  return {};
}

Result<void> Manager::make_creates(Events& events, const VmAdded& vm, std::int64_t now) {
  const VmPolicy& policy = vm.policy;
  const Identity identity{policy.uid, policy.gid, policy.groups};
  for (const VdevPolicy& vdev : policy.vdevs) {
    for (const CreateSpec& create : vdev.creates) {
      const std::string what = cite("create region", create.name, create.place);
      if (!is_legal_region_name(create.name)) return fail(what + ": the name is not legal");
      const NameDecision decision = judge_name(vdev.rules, create.name);
      if (!decision.allowed) {
        return fail(what + ": " +
                    (decision.rule != nullptr
                         ? cite("denied by", decision.rule->pattern, decision.rule->place)
                         : std::string("no allow rule fits")));
      }
      std::string name = substitute(vdev.substitutions, create.name);
      if (!is_legal_region_name(name))
        return fail(what + ": '" + name + "', after subst, is not a legal name");
      Id region = 0;
      if (const RegionState* existing = find_region(name)) {
        const RegionCreated& created = existing->created;
        if (judge_mode(identity, created.mode, created.owner, created.group) == Right::none) {
          return fail(what + ": '" + name + "' exists and its mode gives VM '" + policy.vm + "' no access; " +
                      whose(*existing));
        }
        region = created.id;
      } else {
        auto made = create_region(events,
                                  RegionCreated{.name = name,
                                                .pages = units_for(create.bytes, kPageBytes),
                                                .mode = create.mode & kModeBits,
                                                .owner = policy.uid,
                                                .group = create.gid.value_or(policy.gid),
                                                .payer = "vm:" + policy.vm,
                                                .system = policy.system.system,
                                                .place = create.place,
                                                .since = now},
                                  bounds_of(policy));
        if (!made) return fail_from(std::move(made), what);
        region = find_region(name)->created.id;
      }
      if (!x_regions.at(region).holders.contains(vm.id)) record(events, RegionHeld{region, vm.id});
    }
  }
  return {};
}

Result<Events> Manager::add_vm(const VmPolicy& policy, std::int64_t now) {
  if (find_vm(policy.vm) != nullptr) return fail("a VM named '" + policy.vm + "' is registered already");
  Events events;
  const VmAdded vm{next_id(), policy};
  record(events, vm);
  if (auto made = make_creates(events, vm, now); !made) {
    [[maybe_unused]] const auto undone = remove_vm(policy.vm);
    return tl::unexpected(std::move(made.error()));
  }
  return events;
}

Result<Events> Manager::remove_vm(std::string_view name) {
  const VmState* vm = find_vm(name);
  if (vm == nullptr) return fail("no VM named '" + std::string(name) + "' is registered");
  const Id id = vm->added.id;
  Events events;
  std::vector<Id> sessions;
  for (const auto& [session, state] : x_sessions) {
    if (state.opened.principal.vm == id) sessions.push_back(session);
  }
  for (const Id session : sessions) {
    Events closed = close_session(session);
    std::move(closed.begin(), closed.end(), std::back_inserter(events));
  }
  std::vector<Id> held;
  for (const auto& [region, state] : x_regions) {
    if (state.holders.contains(id)) held.push_back(region);
  }
  for (const Id region : held) {
    record(events, RegionReleased{region, id});
    drop_region_if_unused(events, region);
  }
  record(events, VmRemoved{id});
  return events;
}

const RegionState* Manager::find_same(const RegionSpec& spec) const {
  const RegionState* region = find_region(spec.name);
  if (region == nullptr || !region->holders.contains(kManifest)) return nullptr;
  const RegionCreated& there = region->created;
  const RegionCreated wanted = made_from(spec, there.since);
  const bool same = looks_like(there, wanted) && there.payer == wanted.payer &&
                    there.system == wanted.system && there.place == wanted.place;
  return same ? region : nullptr;
}

// A host program of the system's own user may have come first, and made what the manifest would make.
bool Manager::may_take_over(const RegionState& region, const RegionSpec& spec) const {
  const RegionCreated& there = region.created;
  Principal owner;
  owner.identity.uid = x_limits.owner;
  return there.payer == owner.key() && !region.holders.contains(kManifest) &&
         looks_like(there, made_from(spec, there.since));
}

// For somebody whose own region cannot be made because of this one.
std::string Manager::whose(const RegionState& region) const {
  const RegionCreated& made = region.created;
  if (region.holders.contains(kManifest)) return "a manifest that is up has it" + in_brackets(made.place);
  std::string maker = "a manifest";
  if (made.payer.starts_with("vm:")) maker = "VM '" + made.payer.substr(3) + "'";
  if (made.payer.starts_with("uid:")) maker = "a host program of uid " + made.payer.substr(4);
  std::string users;
  for (const Id slot : region.slots) {
    if (slot == 0) continue;
    const SessionOpened& session = x_sessions.at(x_connections.at(slot).session).opened;
    const Principal& who = session.principal;
    users += (users.empty() ? "; it goes when these have left: " : ", ") +
             (who.is_vm() ? "VM '" + who.vm_name + "'"
                          : "host program '" + who.label + "' (pid " + std::to_string(session.pid) + ")");
  }
  return maker + " made it (" + std::to_string(made.pages * kPageBytes) + " bytes, mode " +
         octal_mode(made.mode) + ", owner " + std::to_string(made.owner) + ", group " +
         std::to_string(made.group) + ")" + users;
}

Result<Events> Manager::add_region(const RegionSpec& spec, std::int64_t now) {
  const std::string what = cite("region", spec.name, spec.place);
  if (!is_legal_region_name(spec.name)) return fail(what + ": the name is not legal");
  Events events;
  if (const RegionState* existing = find_region(spec.name)) {
    if (!may_take_over(*existing, spec)) return fail(what + " exists already; " + whose(*existing));
    record(events, RegionHeld{existing->created.id, kManifest});
    return events;
  }
  const Bounds bounds{.bytes = x_limits.total_bytes,
                      .regions = std::numeric_limits<std::uint32_t>::max(),
                      .system = spec.system.system.empty() ? nullptr : &spec.system};
  auto made = create_region(events, made_from(spec, now), bounds);
  if (!made) return fail_from(std::move(made), what);
  record(events, RegionHeld{find_region(spec.name)->created.id, kManifest});
  return events;
}

Result<Events> Manager::remove_region(std::string_view name) {
  const RegionState* region = find_region(name);
  if (region == nullptr || !region->holders.contains(kManifest)) {
    return fail("no region of the manifest is named '" + std::string(name) + "'");
  }
  const Id id = region->created.id;
  Events events;
  record(events, RegionReleased{id, kManifest});
  drop_region_if_unused(events, id);
  return events;
}

Events Manager::open_session(Principal principal, std::int32_t pid, std::uint64_t start_time) {
  Events events;
  record(events, SessionOpened{next_id(), std::move(principal), pid, start_time});
  return events;
}

Events Manager::close_session(Id session) {
  Events events;
  const auto found = x_sessions.find(session);
  if (found == x_sessions.end()) return events;
  const std::set<Id> connections = found->second.connections;
  for (const Id connection : connections) drop_connection(events, connection);
  record(events, SessionClosed{session});
  return events;
}

void Manager::count_denial(const SessionState& session, const std::string& host_name) {
  if (const auto vm = x_vms.find(session.opened.principal.vm); vm != x_vms.end()) ++vm->second.denials;
  if (const auto region = x_region_names.find(host_name); region != x_region_names.end()) {
    ++x_regions.at(region->second).denials;
  }
}

AttachOutcome Manager::attach(Id session_id, std::string_view name, std::uint32_t pages, std::uint32_t mode,
                              std::int64_t now) {
  AttachOutcome outcome;
  static_cast<Judgement&>(outcome) = judge(session_id, name, pages);
  const SessionState& session = x_sessions.at(session_id);
  outcome.status = status_of(outcome.refusal);
  if (outcome.refusal != Refusal::none) {
    count_denial(session, outcome.host_name);
    return outcome;
  }
  if (outcome.region == 0) {
    // The creator gets full access whatever the mode says, as with open(2).
    const Principal& principal = session.opened.principal;
    const Bounds bounds = bounds_of(principal);
    const std::uint32_t umask = bounds.vdev != nullptr ? bounds.vdev->umask : 0;
    const Identity& who = principal.identity;
    outcome.region = next_id();
    record(outcome.events,
           RegionCreated{.id = outcome.region,
                         .name = outcome.host_name,
                         .pages = pages,
                         .mode = (mode == 0 ? kDefaultMode : mode) & ~umask & kModeBits,
                         .owner = who.uid,
                         .group = bounds.vdev != nullptr ? bounds.vdev->gid.value_or(who.gid) : who.gid,
                         .payer = principal.key(),
                         .system = bounds.system != nullptr ? bounds.system->system : std::string(),
                         .since = now});
    outcome.created = true;
  }
  const RegionState& region = x_regions.at(outcome.region);
  const unsigned index = region.lowest_free().value();
  outcome.connection = next_id();
  record(outcome.events,
         Attached{outcome.connection, session_id, outcome.region, index, region.created.generation[index] + 1,
                  outcome.writable, std::string(name), now});
  return outcome;
}

Events Manager::detach(Id session, Id connection) {
  Events events;
  const auto found = x_connections.find(connection);
  if (found != x_connections.end() && found->second.session == session) drop_connection(events, connection);
  return events;
}

void Manager::drop_connection(Events& events, Id connection) {
  const Attached& attached = x_connections.at(connection);
  const Id region = attached.region;
  record(events, Detached{connection, region, attached.index, attached.generation});
  drop_region_if_unused(events, region);
}

void Manager::drop_region_if_unused(Events& events, Id region) {
  const RegionState& state = x_regions.at(region);
  if (state.holders.empty() && state.attached_mask() == 0) record(events, RegionDestroyed{region});
}

}  // namespace qvm::regions
