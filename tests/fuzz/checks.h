// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What holds for the findings about any input.
#pragma once

#include <string>

#include "config/load.h"

namespace qvm::fuzz {

// Every finding has a text, a rule and a place inside its source; every form of output can be made, without
// control characters. "" or what does not hold.
std::string check_findings(const config::LoadedSystem& system);

}  // namespace qvm::fuzz
