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

const char* why_no_region(Refusal refusal) {
  switch (refusal) {
    case Refusal::size:
      return "it exceeds a bound on bytes";
    case Refusal::regions:
      return "there are too many regions";
    case Refusal::none:
    case Refusal::illegal_name:
    case Refusal::name_rule:
    case Refusal::illegal_host_name:
    case Refusal::no_such_region:
    case Refusal::mode_bits:
    case Refusal::region_full:
    case Refusal::share_of_region:
    case Refusal::connections:
    case Refusal::all_connections:
      break;
  }
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
      return "the mode of " + name + " gives no access";
    case Refusal::region_full:
      return name + " has " + std::to_string(kMaxClients) + " clients already";
    case Refusal::share_of_region:
      return "its share of the clients of " + name + " is used up";
    case Refusal::connections:
      return "it has all the connections that it may have";
    case Refusal::all_connections:
      return "there are too many connections in all";
    case Refusal::size:
      return name + " is too big for a bound on bytes";
    case Refusal::regions:
      return "there are too many regions";
  }
  return "unknown";
}

Manager::Bounds Manager::bounds_of(const Principal& principal) const {
  if (!principal.is_vm()) {
    const UserLimits& limits =
        principal.identity.uid == x_limits.owner ? x_limits.own_programs : x_limits.other_programs;
    return {limits.connections_per_region, limits.connections, limits.bytes, nullptr};
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
  return {policy.connections_per_region, policy.connections, policy.bytes,
          vdev == policy.vdevs.end() ? &kNothing : &*vdev};
}

Judgement Manager::judge(Id session_id, std::string_view name, std::uint32_t pages) const {
  Judgement judgement;
  const Principal& principal = x_sessions.at(session_id).opened.principal;
  const auto refuse = [&](Refusal refusal) -> Judgement& {
    judgement.refusal = refusal;
    return judgement;
  };
  if (!is_legal_region_name(name)) return refuse(Refusal::illegal_name);
  const Bounds bounds = bounds_of(principal);
  judgement.host_name = std::string(name);
  if (bounds.vdev != nullptr) {
    const NameDecision decision = judge_name(bounds.vdev->rules, judgement.host_name);
    if (!decision.allowed) {
      if (decision.rule != nullptr) judgement.place = decision.rule->place;
      return refuse(Refusal::name_rule);
    }
    judgement.host_name = substitute(bounds.vdev->substitutions, std::move(judgement.host_name));
    if (!is_legal_region_name(judgement.host_name)) return refuse(Refusal::illegal_host_name);
  }

  const std::string key = principal.key();
  const RegionState* region = find_region(judgement.host_name);
  if (region != nullptr) {
    const RegionCreated& created = region->created;
    judgement.region = created.id;
    const Right right = judge_mode(principal.identity, created.mode, created.owner, created.group);
    if (right == Right::none) return refuse(Refusal::mode_bits);
    judgement.writable = right == Right::read_write;
    const auto own = std::count_if(region->slots.begin(), region->slots.end(), [&](Id slot) {
      return slot != 0 && x_sessions.at(x_connections.at(slot).session).opened.principal.key() == key;
    });
    if (own >= bounds.connections_per_region) return refuse(Refusal::share_of_region);
    if (!region->lowest_free()) return refuse(Refusal::region_full);
  } else {
    if (pages == 0) return refuse(Refusal::no_such_region);
    if (bounds.connections_per_region == 0) return refuse(Refusal::share_of_region);
  }
  if (usage(key).connections >= bounds.connections) return refuse(Refusal::connections);
  if (x_connections.size() >= x_limits.connections ||
      (!principal.is_vm() && x_host_connections >= x_limits.host_connections)) {
    return refuse(Refusal::all_connections);
  }
  return region != nullptr ? judgement : refuse(may_create(pages, key, bounds.bytes));
}

Refusal Manager::may_create(std::uint64_t pages, const std::string& payer,
                            std::uint64_t bytes_allowed) const {
  if (x_regions.size() >= x_limits.regions) return Refusal::regions;
  const std::uint64_t bound = std::min(bytes_allowed, x_limits.total_bytes);
  if (pages == 0 || pages > bound / kPageBytes) return Refusal::size;
  const std::uint64_t bytes = pages * kPageBytes;
  if (usage(payer).bytes > bytes_allowed - bytes) return Refusal::size;
  if (x_total_bytes > x_limits.total_bytes - bytes) return Refusal::size;
  return Refusal::none;
}

}  // namespace qvm::regions
