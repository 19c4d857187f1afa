// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Parts of a policy that stand in more than one JSON text: plans, the control protocol, `qvm regions`.
#pragma once

#include <cstdint>
#include <string>

#include "qvm/base/names.h"
#include "qvm/regions/policy.h"

namespace qvm::regions {

inline constexpr Names<HugePages, 3> kHugePagesNames = {
    {{HugePages::none, "none"}, {HugePages::advise, "advise"}, {HugePages::require, "require"}}};

// Json: any of nlohmann's.
template <class Json>
Json limits_to_json(const SystemLimits& limits) {
  return {{"system", limits.system},
          {"bytes", limits.bytes},
          {"regions", limits.regions},
          {"connections", limits.connections},
          {"place", limits.place}};
}

// Throws what Json throws if a member is missing or of another type.
template <class Json>
SystemLimits limits_from_json(const Json& json) {
  SystemLimits limits;
  limits.system = json.at("system").template get<std::string>();
  limits.bytes = json.at("bytes").template get<std::uint64_t>();
  limits.regions = json.at("regions").template get<std::uint32_t>();
  limits.connections = json.at("connections").template get<std::uint32_t>();
  limits.place = json.at("place").template get<std::string>();
  return limits;
}

}  // namespace qvm::regions
