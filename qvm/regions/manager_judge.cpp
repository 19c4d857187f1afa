// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The part of the manager that decides and changes nothing.
#include "qvm/regions/manager_judge.h"

#include <algorithm>

namespace qvm::regions {

std::optional<unsigned> RegionState::lowest_free() const {
  const auto found = std::find(slots.begin(), slots.end(), Id{0});
  if (found == slots.end()) return std::nullopt;
  return static_cast<unsigned>(found - slots.begin());
}

Status status_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::none:
      return Status::ok;
    case Refusal::illegal_name:
    case Refusal::illegal_host_name:
      return Status::illegal_name;
    case Refusal::name_rule:
    case Refusal::mode_bits:
      return Status::no_permission;
    case Refusal::no_such_region:
      return Status::unknown_failure;
    case Refusal::region_full:
    case Refusal::share_of_region:
    case Refusal::connections:
    case Refusal::all_connections:
      return Status::client_max;
    case Refusal::size:
    case Refusal::regions:
      return Status::no_memory;
  }
  return Status::unknown_failure;
}

const char* name_of(Status status) {
  switch (status) {
    case Status::ok:
      return "ok";
    case Status::unknown_failure:
      return "unknown failure";
    case Status::no_memory:
      return "no memory";
    case Status::client_max:
      return "client maximum";
    case Status::illegal_name:
      return "illegal name";
    case Status::no_permission:
      return "no permission";
    case Status::does_not_exist:
      return "does not exist";
  }
  return "unknown failure";
}

std::string system_key(const std::string& system) {
  return "system:" + system;
}

namespace {

// " (place)", if there is one.
std::string at(const std::string& place) {
  return place.empty() ? std::string() : " (" + place + ")";
}

}  // namespace

std::string why_no_region(Refusal refusal, const std::string& place) {
  if (refusal == Refusal::size) return "it exceeds a bound on bytes" + at(place);
  if (refusal == Refusal::regions) return "there are too many regions" + at(place);
  return "it is not possible";
}

std::string explain(const Judgement& judgement) {
  const std::string name = "'" + judgement.host_name + "'";
  switch (judgement.refusal) {
    case Refusal::none:
      return "granted";
    case Refusal::illegal_name:
      return "the name is not legal";
    case Refusal::name_rule:
      return judgement.place.empty() ? "denied, as no rule fits the name"
                                     : "denied by the rule at " + judgement.place;
    case Refusal::illegal_host_name:
      return name + ", after subst, is not a legal name";
    case Refusal::no_such_region:
      return name + " does not exist and no size was given";
    case Refusal::mode_bits:
      return "the mode of " + name + " gives no access" + at(judgement.place);
    case Refusal::region_full:
      return name + " has " + std::to_string(kMaxClients) + " clients already";
    case Refusal::share_of_region:
      return "its share of the clients of " + name + " is used up" + at(judgement.place);
    case Refusal::connections:
      return "it has all the connections that it may have" + at(judgement.place);
    case Refusal::all_connections:
      return "there are too many connections in all";
    case Refusal::size:
      return name + " is too big for a bound on bytes" + at(judgement.place);
    case Refusal::regions:
      return "there are too many regions" + at(judgement.place);
  }
  return "unknown";
}

const SystemLimits* Manager::system_of(const Principal& principal) const {
  if (!principal.is_vm()) return nullptr;
  const SystemLimits& system = x_vms.at(principal.vm).added.policy.system;
  return system.system.empty() ? nullptr : &system;
}

Manager::Bounds Manager::bounds_of(const VmPolicy& policy) const {
  return {policy.connections_per_region,
          policy.connections,
          policy.bytes,
          policy.regions,
          nullptr,
          policy.limits_place,
          policy.system.system.empty() ? nullptr : &policy.system};
}

Manager::Bounds Manager::bounds_of(const Principal& principal) const {
  if (!principal.is_vm()) {
    const UserLimits& limits =
        principal.identity.uid == x_limits.owner ? x_limits.own_programs : x_limits.other_programs;
    return {limits.connections_per_region,
            limits.connections,
            limits.bytes,
            limits.regions,
            nullptr,
            {},
            nullptr};
  }
  static const VdevPolicy kNothing{.vdev = {},
                                   .rules = {NameRule{.allow = false, .pattern = "*", .place = {}}},
                                   .substitutions = {},
                                   .creates = {},
                                   .umask = 0,
                                   .gid = std::nullopt};
  const VmPolicy& policy = x_vms.at(principal.vm).added.policy;
  const auto vdev = std::find_if(policy.vdevs.begin(), policy.vdevs.end(),
                                 [&](const VdevPolicy& one) { return one.vdev == principal.label; });
  Bounds bounds = bounds_of(policy);
  bounds.vdev = vdev == policy.vdevs.end() ? &kNothing : &*vdev;
  return bounds;
}

Judgement Manager::judge(Id session, std::string_view name, std::uint32_t pages) const {
  return judge(x_sessions.at(session).opened.principal, name, pages);
}

Judgement Manager::judge(const Principal& principal, std::string_view name, std::uint32_t pages) const {
  Judgement judgement;
  const auto refuse = [&](Refusal refusal, std::string_view place = {}) -> Judgement& {
    judgement.refusal = refusal;
    judgement.place = place;
    return judgement;
  };
  if (!is_legal_region_name(name)) return refuse(Refusal::illegal_name);
  const Bounds bounds = bounds_of(principal);
  judgement.host_name = std::string(name);
  if (bounds.vdev != nullptr) {
    const NameDecision decision = judge_name(bounds.vdev->rules, judgement.host_name);
    if (!decision.allowed)
      return refuse(Refusal::name_rule, decision.rule != nullptr ? decision.rule->place : std::string_view());
    judgement.host_name = substitute(bounds.vdev->substitutions, std::move(judgement.host_name));
    if (!is_legal_region_name(judgement.host_name)) return refuse(Refusal::illegal_host_name);
  }

  const std::string key = principal.key();
  const RegionState* region = find_region(judgement.host_name);
  if (region != nullptr) {
    const RegionCreated& created = region->created;
    judgement.region = created.id;
    const Right right = judge_mode(principal.identity, created.mode, created.owner, created.group);
    if (right == Right::none) return refuse(Refusal::mode_bits, created.place);
    judgement.writable = right == Right::read_write;
    if (share_of(*region, key) >= bounds.connections_per_region)
      return refuse(Refusal::share_of_region, bounds.place);
    if (!region->lowest_free()) return refuse(Refusal::region_full);
  } else {
    if (pages == 0) return refuse(Refusal::no_such_region);
    if (bounds.connections_per_region == 0) return refuse(Refusal::share_of_region, bounds.place);
  }
  if (usage(key).connections >= bounds.connections) return refuse(Refusal::connections, bounds.place);
  const SystemLimits* system = bounds.system;
  if (system != nullptr && usage(system_key(system->system)).connections >= system->connections)
    return refuse(Refusal::connections, system->place);
  if (x_connections.size() >= x_limits.connections ||
      (!principal.is_vm() && x_host_connections >= x_limits.host_connections)) {
    return refuse(Refusal::all_connections);
  }
  if (region != nullptr) return judgement;
  const Bound bound = may_create(pages, key, bounds);
  return refuse(bound.refusal, bound.place);
}

std::uint32_t Manager::share_of(const RegionState& region, const std::string& key) const {
  return static_cast<std::uint32_t>(std::count_if(region.slots.begin(), region.slots.end(), [&](Id slot) {
    return slot != 0 && x_sessions.at(x_connections.at(slot).session).opened.principal.key() == key;
  }));
}

Manager::Bound Manager::may_create(std::uint64_t pages, const std::string& payer,
                                   const Bounds& bounds) const {
  if (x_regions.size() >= x_limits.regions) return {Refusal::regions, {}};
  if (pages == 0 || pages > x_limits.total_bytes / kPageBytes) return {Refusal::size, {}};
  const std::uint64_t bytes = pages * kPageBytes;
  if (x_total_bytes > x_limits.total_bytes - bytes) return {Refusal::size, {}};
  const auto exceeds = [&](const Usage& used, std::uint64_t most) {
    return bytes > most || used.bytes > most - bytes;
  };
  const Usage own = usage(payer);
  if (own.regions >= bounds.regions) return {Refusal::regions, std::string(bounds.place)};
  if (exceeds(own, bounds.bytes)) return {Refusal::size, std::string(bounds.place)};
  if (bounds.system == nullptr) return {};
  const Usage all = usage(system_key(bounds.system->system));
  if (all.regions >= bounds.system->regions) return {Refusal::regions, bounds.system->place};
  if (exceeds(all, bounds.system->bytes)) return {Refusal::size, bounds.system->place};
  return {};
}

}  // namespace qvm::regions
