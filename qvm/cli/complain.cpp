// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <string>

#include "qvm/base/standard_streams.h"
#include "qvm/cli/complain.h"

namespace qvm::cli {

void complain(const std::string& message) {
  write_complaint("qvm", message);
}

}  // namespace qvm::cli
