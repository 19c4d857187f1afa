// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <nlohmann/json.hpp>

#include "qvm/regions/model/explanation.h"
#include "qvm/regions/model/manager.h"

namespace qvm::regions {
namespace {

using Json = nlohmann::ordered_json;

Json write(const Layer& layer) {
  Json json = {{"layer", layer.name},
               {"outcome", layer.outcome == Layer::Outcome::passes ? "passes" : "refuses"},
               {"text", layer.text}};
  if (!layer.place.empty()) json["place"] = layer.place;
  if (layer.used) json["used"] = *layer.used;
  if (layer.limit) json["limit"] = *layer.limit;
  return json;
}

Json write(const Principal& who) {
  Json json = {{"kind", who.is_vm() ? "vm" : "host"}};
  if (who.is_vm()) {
    json["vm"] = who.vm_name;
    json["vdev"] = who.label;
  }
  json["uid"] = who.identity.uid;
  json["gid"] = who.identity.gid;
  json["groups"] = who.identity.groups;
  return json;
}

Json write(const Principal& who, const ExplainRequest& request, const Explanation& explanation) {
  const Judgement& judgement = explanation.judgement;
  const bool granted = judgement.refusal == Refusal::none;
  Json json = {{"who", write(who)}, {"name", request.name}, {"pages", request.pages}};
  if (!judgement.host_name.empty()) json["host_name"] = judgement.host_name;
  json["verdict"] = granted ? "granted" : "refused";
  json["status"] = static_cast<std::uint32_t>(explanation.status);
  json["status_name"] = name_of(explanation.status);
  if (granted) {
    json["access"] = judgement.writable ? "read-write" : "read-only";
  } else {
    json["reason"] = explain(judgement);
    if (!judgement.place.empty()) json["place"] = judgement.place;
  }
  json["layers"] = Json::array();
  for (const Layer& layer : explanation.layers) json["layers"].push_back(write(layer));
  return json;
}

}  // namespace

Result<std::string> explain_as_json(const Manager& manager, const ExplainRequest& request) {
  std::vector<Principal> principals;
  if (request.vm.empty()) {
    principals.push_back({0, {}, {}, request.identity});
  } else {
    const VmState* vm = manager.find_vm(request.vm);
    if (vm == nullptr) return fail("no VM named '" + request.vm + "' is registered");
    const VmPolicy& policy = vm->added.policy;
    for (const VdevPolicy& vdev : policy.vdevs) {
      if (!request.vdev.empty() && request.vdev != vdev.vdev) continue;
      principals.push_back({vm->added.id, policy.vm, vdev.vdev, {policy.uid, policy.gid, policy.groups}});
    }
    if (principals.empty()) {
      return fail("VM '" + request.vm + "' has no vdev " +
                  (request.vdev.empty() ? "that has regions" : "'" + request.vdev + "' that has regions"));
    }
  }
  Json all = {{"version", 1}, {"explanations", Json::array()}};
  for (const Principal& who : principals)
    all["explanations"].push_back(write(who, request, manager.explain(who, request.name, request.pages)));
  return all.dump(-1, ' ', true, Json::error_handler_t::replace);
}

}  // namespace qvm::regions
