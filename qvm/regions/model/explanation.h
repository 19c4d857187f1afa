// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// For `qvm regions explain`: the question, and the answer as JSON (schemas/explanation.schema.json).
#pragma once

#include <cstdint>
#include <string>

#include "qvm/base/result.h"
#include "qvm/regions/model/access.h"

namespace qvm::regions {

class Manager;

// Who would attach to what.
struct ExplainRequest {
  std::string vm{};         // empty: a host program with this identity
  std::string vdev{};       // of the VM; empty: each one that has regions
  Identity identity{};      // of a host program
  std::string name{};       // of the region, as the guest or the program would write it
  std::uint32_t pages = 1;  // it would ask for; 0: only if the region exists
};

// Fails if there is no such VM or vdev, or the VM has none that has regions.
Result<std::string> explain_as_json(const Manager& manager, const ExplainRequest& request);

}  // namespace qvm::regions
