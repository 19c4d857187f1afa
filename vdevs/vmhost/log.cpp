// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/vmhost/log.h"

#include <unistd.h>

#include <algorithm>
#include <string>

namespace qvm::vmhost {

namespace {
LogLevel g_level = LogLevel::warning;
}

void set_log_level(LogLevel level) {
  g_level = level;
}

void log(LogLevel level, std::string_view text) {
  if (level > g_level) return;
  std::string line = "qvm: ";
  line += text;
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, '?');
  line += '\n';
  // Nobody to tell if standard error is gone.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace qvm::vmhost
