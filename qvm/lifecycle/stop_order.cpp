// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/lifecycle/stop_order.h"

namespace qvm::lifecycle {

std::vector<std::string> may_stop_now(const std::set<std::string>& alive,
                                      const config::Dependencies& dependencies) {
  std::set<std::string> needed;
  for (const std::string& name : alive) {
    const auto found = dependencies.find(name);
    if (found == dependencies.end()) continue;
    for (const std::string& other : found->second) {
      if (other != name) needed.insert(other);
    }
  }
  std::vector<std::string> free;
  for (const std::string& name : alive) {
    if (!needed.contains(name)) free.push_back(name);
  }
  if (free.empty()) free.assign(alive.begin(), alive.end());
  return free;
}

}  // namespace qvm::lifecycle
