// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <cstdio>
#include <string>

#include "qvm/cli/commands.h"

namespace qvm::cli {

void complain(const std::string& message) {
  std::fflush(stdout);
  fmt::print(stderr, "qvm: {}\n", message);
}

}  // namespace qvm::cli
