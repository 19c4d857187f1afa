// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/log.h"

#include <unistd.h>

#include <string>

namespace qvm::regions {

void log_line(std::string_view text) {
  std::string line = "regiond: ";
  for (const char c : text) line += c >= 0x20 && c != 0x7f ? c : '?';
  line += '\n';
  // One write per line, so that lines of several processes do not mix. A full disk must not stop anything.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace qvm::regions
