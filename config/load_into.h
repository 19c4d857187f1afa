// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The common part of loading VMs with and without a manifest. Inside config/ only.
#pragma once

#include <vector>

#include "config/load.h"

namespace qvm::config {

// Parses and checks the VMs and adds them to a result that may have sources and findings already.
void load_into(LoadedSystem& result, const std::vector<VmInput>& inputs, const TableSet& tables,
               Reader& reader);

}  // namespace qvm::config
