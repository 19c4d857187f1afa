// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The part of the manager that decides and changes nothing.
#include "qvm/regions/model/manager_judge.h"

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

std::string in_brackets(std::string_view place) {
  return place.empty() ? std::string() : " (" + std::string(place) + ")";
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
      return "the mode of " + name + " gives no access" + in_brackets(judgement.place);
    case Refusal::region_full:
    case Refusal::share_of_region:
    case Refusal::connections:
    case Refusal::all_connections:
    case Refusal::size:
    case Refusal::regions:
      return "it exceeds a limit: " + judgement.limit + in_brackets(judgement.place);
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
  } else if (pages == 0) {
    return refuse(Refusal::no_such_region);
  }
  std::vector<Limit> limits = limits_of_attachment(principal, bounds, region);
  if (region == nullptr) {
    for (Limit& limit : limits_of_region(pages, principal.key(), bounds)) limits.push_back(limit);
  }
  const auto exceeded =
      std::find_if(limits.begin(), limits.end(), [](const Limit& limit) { return limit.exceeded(); });
  if (exceeded == limits.end()) return judgement;
  judgement.limit = exceeded->text();
  return refuse(exceeded->refusal, exceeded->place);
}

std::uint32_t Manager::share_of(const RegionState& region, const std::string& key) const {
  return static_cast<std::uint32_t>(std::count_if(region.slots.begin(), region.slots.end(), [&](Id slot) {
    return slot != 0 && x_sessions.at(x_connections.at(slot).session).opened.principal.key() == key;
  }));
}

// Of an attachment that makes its region: room for all from the start, as every attach asks.
constexpr std::size_t kMostLimits = 12;

std::string Manager::Limit::text() const {
  std::string text =
      std::string(what) + ": " + std::to_string(used) + " of " + std::to_string(most) + " used";
  return more > 1 ? text + ", " + std::to_string(more) + " more wanted" : text;
}

std::string Manager::Limit::complaint() const {
  const std::string_view key = name;
  const std::string said = "it exceeds a limit: " + text() + in_brackets(place);
  if (key == "all-regions") return said + "; raise the limit of open files, a region takes sixteen of them";
  if (key.starts_with("all-")) return said;
  constexpr std::string_view kSystem = "system-";
  const bool system = key.starts_with(kSystem);
  const bool counts = refusal != Refusal::size;
  return said + (counts ? "; leave one out, or raise '" : "; make it smaller, or raise '") +
         std::string(key.substr(system ? kSystem.size() : 0)) +
         (system ? "' in the limits at the top of the manifest" : "' in the VM's limits of the manifest");
}

std::vector<Manager::Limit> Manager::limits_of_attachment(const Principal& principal, const Bounds& bounds,
                                                          const RegionState* region) const {
  const bool vm = principal.is_vm();
  const std::string key = principal.key();
  std::vector<Limit> limits;
  limits.reserve(kMostLimits);
  limits.push_back({"clients-per-region", "its share of the region's clients", Refusal::share_of_region,
                    region == nullptr ? 0 : share_of(*region, key), bounds.connections_per_region, 1,
                    bounds.place});
  if (region != nullptr) {
    const auto free = std::count(region->slots.begin(), region->slots.end(), Id{0});
    limits.push_back({"clients-of-region",
                      "clients of the region",
                      Refusal::region_full,
                      kMaxClients - static_cast<std::uint64_t>(free),
                      kMaxClients,
                      1,
                      {}});
  }
  limits.push_back({"clients", vm ? "attachments of this VM" : "attachments of this user's host programs",
                    Refusal::connections, usage(key).connections, bounds.connections, 1, bounds.place});
  if (const SystemLimits* system = bounds.system) {
    limits.push_back({"system-clients", "attachments of the manifest's VMs", Refusal::connections,
                      usage(system_key(system->system)).connections, system->connections, 1, system->place});
  }
  limits.push_back({"all-clients",
                    "attachments of everybody",
                    Refusal::all_connections,
                    x_connections.size(),
                    x_limits.connections,
                    1,
                    {}});
  if (!vm) {
    limits.push_back({"host-clients",
                      "attachments of all host programs",
                      Refusal::all_connections,
                      x_host_connections,
                      x_limits.host_connections,
                      1,
                      {}});
  }
  return limits;
}

std::vector<Manager::Limit> Manager::limits_of_region(std::uint64_t pages, const std::string& payer,
                                                      const Bounds& bounds) const {
  const bool vm = payer.starts_with("vm:");
  const Usage own = usage(payer);
  // What cannot be represented is more than anybody has.
  const std::uint64_t bytes = std::min(pages, ~std::uint64_t{0} / kPageBytes) * kPageBytes;
  std::vector<Limit> limits{
      {"all-regions", "regions in all", Refusal::regions, x_regions.size(), x_limits.regions, 1, {}},
      {"all-memory", "bytes in all", Refusal::size, x_total_bytes, x_limits.total_bytes, bytes, {}},
      {"regions", vm ? "regions of this VM" : "regions of this user's host programs", Refusal::regions,
       own.regions, bounds.regions, 1, bounds.place},
      {"memory", vm ? "bytes of this VM" : "bytes of this user's host programs", Refusal::size, own.bytes,
       bounds.bytes, bytes, bounds.place}};
  if (const SystemLimits* system = bounds.system) {
    const Usage all = usage(system_key(system->system));
    limits.push_back({"system-regions", "regions of the manifest and its VMs", Refusal::regions, all.regions,
                      system->regions, 1, system->place});
    limits.push_back({"system-memory", "bytes of the manifest and its VMs", Refusal::size, all.bytes,
                      system->bytes, bytes, system->place});
  }
  return limits;
}

}  // namespace qvm::regions
