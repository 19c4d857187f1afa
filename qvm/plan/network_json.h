// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The network interfaces of a plan as JSON, after schemas/plan.schema.json.
#pragma once

#include <nlohmann/json.hpp>

#include "qvm/plan/vm_plan.h"

namespace qvm::plan {

nlohmann::ordered_json network_to_json(const NetworkInterface& network);
// Throws what nlohmann::json throws.
NetworkInterface network_from_json(const nlohmann::ordered_json& json);

}  // namespace qvm::plan
