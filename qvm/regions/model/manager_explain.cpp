// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The part of the manager that tells how it decides. It asks the same questions as judge(), in the same
// order; a test compares the two over random histories.
#include "qvm/regions/model/manager_judge.h"

namespace qvm::regions {
namespace {

std::string in_quotes(std::string_view text) {
  return "'" + std::string(text) + "'";
}

Layer::Outcome outcome(bool passes) {
  return passes ? Layer::Outcome::passes : Layer::Outcome::refuses;
}

Layer form_layer(const char* layer, std::string_view name) {
  const bool legal = is_legal_region_name(name);
  return {layer,
          outcome(legal),
          in_quotes(name) +
              (legal ? " is a legal name" : std::string(" is not a legal name: ") + kRegionNameForm),
          {},
          {},
          {}};
}

Layer rules_layer(const VdevPolicy& vdev, const std::string& name) {
  const NameDecision decision = judge_name(vdev.rules, name);
  Layer layer{"rules", outcome(decision.allowed), {}, {}, {}, {}};
  if (vdev.rules.empty()) {
    layer.text = "no 'allow' and no 'deny': every name is allowed";
  } else if (decision.rule != nullptr) {
    layer.text = std::string(decision.rule->allow ? "'allow " : "'deny ") + decision.rule->pattern + "' fits";
    layer.place = decision.rule->place;
  } else {
    const NameRule& last = vdev.rules.back();
    layer.text = std::string("no rule fits; as the last one is '") + (last.allow ? "allow" : "deny") +
                 "', all other names are " + (decision.allowed ? "allowed" : "denied");
    layer.place = last.place;
  }
  return layer;
}

Layer subst_layer(const VdevPolicy& vdev, const std::string& name) {
  const Substitution* applied = applied_substitution(vdev.substitutions, name);
  Layer layer{"subst", Layer::Outcome::passes, {}, {}, {}, {}};
  if (applied == nullptr) {
    layer.text = "no 'subst' applies: the host-wide name is " + in_quotes(name);
  } else {
    layer.text = in_quotes("subst " + applied->match + "," + applied->prefix) + " makes it " +
                 in_quotes(substitute(vdev.substitutions, name));
    layer.place = applied->place;
  }
  return layer;
}

std::string maker_of(const RegionCreated& region) {
  if (region.payer.empty()) return "the manifest";
  if (region.payer.starts_with("vm:")) {
    return (region.place.empty() ? "VM " : "'create' of VM ") + in_quotes(region.payer.substr(3));
  }
  return "a host program of " + region.payer.substr(0, 3) + " " + region.payer.substr(4);
}

Layer mode_layer(const Identity& who, const RegionCreated& region) {
  const Right right = judge_mode(who, region.mode, region.owner, region.group);
  const ModeClass mine = class_of(who, region.owner, region.group);
  const std::string gid = std::to_string(region.group);
  std::string cls = "others";
  if (mine == ModeClass::owner) {
    cls = "its owner, uid " + std::to_string(region.owner);
  } else if (mine == ModeClass::group) {
    cls = who.gid == region.group ? "its group, gid " + gid
                                  : "its group, as gid " + gid + " is a supplementary one";
  }
  const char* gives = right == Right::none        ? "no access"
                      : right == Right::read_only ? "reading only"
                                                  : "reading and writing";
  return {"mode",
          outcome(right != Right::none),
          "mode " + octal_mode(region.mode) + ", owner " + std::to_string(region.owner) + ", group " +
              std::to_string(region.group) + " gives " + gives + ": uid " + std::to_string(who.uid) +
              ", gid " + std::to_string(who.gid) + " counts as " + cls,
          region.place,
          {},
          {}};
}

}  // namespace

Explanation Manager::explain(const Principal& principal, std::string_view name, std::uint32_t pages) const {
  Explanation explanation;
  explanation.judgement = judge(principal, name, pages);
  explanation.status = status_of(explanation.judgement.refusal);
  std::vector<Layer>& layers = explanation.layers;
  layers.push_back(form_layer("name", name));
  if (layers.back().outcome == Layer::Outcome::refuses) return explanation;
  const Bounds bounds = bounds_of(principal);
  std::string host_name(name);
  if (bounds.vdev != nullptr) {
    layers.push_back(rules_layer(*bounds.vdev, host_name));
    layers.push_back(subst_layer(*bounds.vdev, host_name));
    host_name = substitute(bounds.vdev->substitutions, std::move(host_name));
    layers.push_back(form_layer("host-name", host_name));
    if (layers.back().outcome == Layer::Outcome::refuses) return explanation;
  }
  const RegionState* region = find_region(host_name);
  if (region != nullptr) {
    const RegionCreated& created = region->created;
    layers.push_back({"region",
                      Layer::Outcome::passes,
                      in_quotes(host_name) + " exists, " + std::to_string(created.pages) +
                          " pages, made by " + maker_of(created),
                      created.place,
                      {},
                      {}});
    layers.push_back(mode_layer(principal.identity, created));
  } else {
    layers.push_back(
        {"region",
         outcome(pages != 0),
         in_quotes(host_name) + (pages != 0 ? " does not exist; this attach would make it"
                                            : " does not exist; an attach with a size would make it"),
         {},
         {},
         {}});
  }
  const auto add = [&](const std::vector<Limit>& limits) {
    for (const Limit& limit : limits) {
      layers.push_back({limit.name, outcome(!limit.exceeded()), limit.text(), std::string(limit.place),
                        limit.used, limit.most});
    }
  };
  add(limits_of_attachment(principal, bounds, region));
  if (region == nullptr && pages != 0) add(limits_of_region(pages, principal.key(), bounds));
  return explanation;
}

}  // namespace qvm::regions
