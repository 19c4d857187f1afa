// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/region_json.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "qvm/regions/policy_json.h"

namespace qvm::daemon {
namespace {

using nlohmann::json;

regions::HugePages huge_pages_from(const std::string& name) {
  if (const auto value = value_of(regions::kHugePagesNames, name)) return *value;
  throw std::invalid_argument(fmt::format("unknown word '{}'", name));
}

}  // namespace

json region_to_json(const regions::RegionSpec& region) {
  return {{"name", region.name},
          {"bytes", region.bytes},
          {"mode", region.mode},
          {"owner", region.owner},
          {"group", region.group},
          {"huge_pages", name_of(regions::kHugePagesNames, region.backing.huge_pages)},
          {"lock", region.backing.lock},
          {"place", region.place},
          {"limits", regions::limits_to_json<json>(region.system)}};
}

regions::RegionSpec region_from_json(const json& value) {
  regions::RegionSpec region;
  region.name = value.at("name").get<std::string>();
  region.bytes = value.at("bytes").get<std::uint64_t>();
  region.mode = value.at("mode").get<std::uint32_t>();
  region.owner = value.at("owner").get<uid_t>();
  region.group = value.at("group").get<gid_t>();
  region.backing.huge_pages = huge_pages_from(value.at("huge_pages").get<std::string>());
  region.backing.lock = value.at("lock").get<bool>();
  region.place = value.at("place").get<std::string>();
  region.system = regions::limits_from_json(value.at("limits"));
  return region;
}

}  // namespace qvm::daemon
