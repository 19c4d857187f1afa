// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/left_names.h"

#include <algorithm>
#include <chrono>

namespace qvm::daemon {

std::optional<LeftNames::Hold> LeftNames::hold(const std::string& name) {
  const std::lock_guard lock(x_mutex);
  if (x_own.contains(name) || !x_held.insert(name).second) return std::nullopt;
  return std::optional<Hold>(std::in_place, *this, name);
}

bool LeftNames::claim(const std::set<std::string>& names, const std::atomic<bool>& cancelled) {
  // Nobody tells when something is cancelled.
  constexpr std::chrono::milliseconds kPeriod{50};
  std::unique_lock lock(x_mutex);
  const auto is_held = [this](const std::string& name) { return x_held.contains(name); };
  while (std::any_of(names.begin(), names.end(), is_held)) {
    if (cancelled) return false;
    x_changed.wait_for(lock, kPeriod);
  }
  x_own.insert(names.begin(), names.end());
  return true;
}

void LeftNames::let_go(const std::string& name) {
  const std::lock_guard lock(x_mutex);
  x_held.erase(name);
  x_changed.notify_all();
}

}  // namespace qvm::daemon
