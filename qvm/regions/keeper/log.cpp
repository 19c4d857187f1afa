// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/keeper/log.h"

namespace qvm::regions {

Log& process_log() {
  static Log log("qvm-regiond");
  return log;
}

void log_line(std::string_view text) {
  process_log().write("message", text);
}

}  // namespace qvm::regions
