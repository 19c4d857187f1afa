// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string>

namespace qvm::cli {

// "qvm: message" on standard error.
void complain(const std::string& message);

}  // namespace qvm::cli
