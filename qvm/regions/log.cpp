// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/log.h"

namespace qvm::regions {

Log& process_log() {
  static bool valid = false;
  static Log log("qvm-regiond", log_format_from_environment(valid));
  static const bool told = [] {
    if (!valid) log.write("message", "QVM_LOG_FORMAT must be 'text' or 'json'; the log is text");
    return true;
  }();
  static_cast<void>(told);
  return log;
}

void log_line(std::string_view text) {
  process_log().write("message", text);
}

}  // namespace qvm::regions
