// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tests/support/footprint.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <thread>

#include "tests/support/this_host.h"

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
    // Pages of programs and libraries come when they are first used, and are nobody's growth.
    for (const std::string_view own : {"RssAnon:", "RssShmem:"}) {
      if (line.starts_with(own)) footprint.resident_kib += std::stoull(line.substr(own.size()));
    }
  }
  return footprint;
}

Footprint footprint_at_rest(pid_t pid) {
  constexpr std::chrono::milliseconds kPeriod{50};
  constexpr int kSame = 6;
  constexpr unsigned kMost = 60;
  Footprint footprint = footprint_of(pid);
  unsigned looks = 0;
  for (int same = 0; same < kSame && looks < kMost * slowness(); ++looks) {
    std::this_thread::sleep_for(kPeriod);
    const Footprint next = footprint_of(pid);
    same = next.descriptors == footprint.descriptors ? same + 1 : 0;
    footprint = next;
  }
  return footprint;
}

}  // namespace qvm::test
