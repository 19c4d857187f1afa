// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/hypervisor_pool.h"

namespace qvm::daemon {

Result<host::Hypervisor*> HypervisorPool::get(const std::string& uri) {
  const std::lock_guard lock(x_mutex);
  auto& slot = x_hypervisors[uri];
  if (!slot) {
    auto opened = x_open(uri);
    if (!opened) return tl::unexpected(std::move(opened.error()));
    slot = std::move(*opened);
  }
  return slot.get();
}

void HypervisorPool::abandon(const std::string& uri, const std::string& domain) {
  if (uri.empty()) {
    // Nobody opens it meanwhile.
    const std::lock_guard lock(x_mutex);
    if (x_hypervisors[uri] == nullptr) return x_abandon(domain);
  }
  if (auto hypervisor = get(uri)) (void)(*hypervisor)->destroy(domain);
}

}  // namespace qvm::daemon
