// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/base/log_tail.h"

#include <sys/stat.h>

#include <fstream>

namespace qvm {

off_t length_of(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 ? facts.st_size : 0;
}

std::string last_line_after(const std::string& path, off_t from) {
  std::ifstream file(path, std::ios::binary);
  file.seekg(from);
  std::string last;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) last = line;
  }
  return last;
}

}  // namespace qvm
