// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/plan/network_json.h"

namespace qvm::plan {

nlohmann::ordered_json network_to_json(const NetworkInterface& network) {
  nlohmann::ordered_json json = {{"vdev", network.vdev}, {"mac", network.mac}, {"towards", network.towards}};
  if (network.link) {
    json["link"] = {{"name", network.link->name},
                    {"peer_vm", network.link->peer_vm},
                    {"peer_name", network.link->peer_name},
                    {"hub", network.link->hub}};
  }
  json["place"] = network.place;
  return json;
}

NetworkInterface network_from_json(const nlohmann::ordered_json& json) {
  NetworkInterface network{json.at("vdev"), json.at("mac"), json.at("towards"), {}, json.at("place")};
  if (json.contains("link")) {
    const auto& link = json.at("link");
    network.link = vdevs::LinkEnd{link.at("name"), link.at("peer_vm"), link.at("peer_name"),
                                  link.at("hub").get<std::uint32_t>()};
  }
  return network;
}

}  // namespace qvm::plan
