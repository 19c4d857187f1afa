// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What `qvm regions` and `qvm regions explain` print. Pure.
#pragma once

#include <string>
#include <vector>

#include "qvm/base/result.h"

namespace qvm::cli {

// json: as schemas/regions.schema.json says. Fails if it is not.
Result<std::string> region_table(const std::string& json);

// Names of the regions that exist because a manifest says so. json: as schemas/regions.schema.json says.
Result<std::vector<std::string>> manifest_regions(const std::string& json);

// json: as schemas/explanation.schema.json says. Fails if it is not.
Result<std::string> explanation_text(const std::string& json);

}  // namespace qvm::cli
