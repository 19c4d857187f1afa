// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What a manifest says of a VM's start and restart, in a plan's JSON.
#pragma once

#include "config/supervision.h"
#include "qvm/plan/json_parts.h"

namespace qvm::plan {

Json condition_to_json(const config::Condition& condition);
Json restart_to_json(const config::RestartPolicy& restart);
// These throw what is wrong.
config::Condition condition_from_json(const Json& json);
config::RestartPolicy restart_from_json(const Json& json);

}  // namespace qvm::plan
