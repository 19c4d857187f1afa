// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tests/support/footprint.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace qvm::test {

Footprint footprint_of(pid_t pid) {
  const std::string process = "/proc/" + std::to_string(pid);
  Footprint footprint;
  std::error_code gone;
  footprint.descriptors = std::distance(std::filesystem::directory_iterator(process + "/fd", gone), {});
  std::ifstream maps(process + "/maps");
  for (std::string line; std::getline(maps, line);) ++footprint.mappings;
  std::ifstream status(process + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) footprint.resident_kib = std::stoull(line.substr(6));
  }
  return footprint;
}

}  // namespace qvm::test
