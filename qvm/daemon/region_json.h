// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// A region of a manifest as JSON, in the control protocol and in the records of VMs.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "qvm/regions/policy.h"

namespace qvm::daemon {

nlohmann::json region_to_json(const regions::RegionSpec& region);
// Throws a std::exception if it is no such JSON.
regions::RegionSpec region_from_json(const nlohmann::json& value);

}  // namespace qvm::daemon
