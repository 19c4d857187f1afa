// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/host/hypervisor_pool.h"

namespace qvm::daemon {

HypervisorPool::Slot& HypervisorPool::slot_of(const std::string& uri) {
  const std::lock_guard lock(x_mutex);
  return x_slots[uri];
}

Result<host::Hypervisor*> HypervisorPool::get(const std::string& uri) {
  Slot& slot = slot_of(uri);
  const std::lock_guard lock(slot.mutex);
  if (!slot.hypervisor) {
    slot.hypervisor = QVM_TRY(x_open(uri));
  }
  return slot.hypervisor.get();
}

void HypervisorPool::abandon(const std::string& uri, const std::string& domain) {
  if (uri.empty()) {
    Slot& slot = slot_of(uri);
    // Nobody opens it meanwhile.
    const std::lock_guard lock(slot.mutex);
    if (!slot.hypervisor) return x_abandon(domain);
  }
  if (auto hypervisor = get(uri)) (void)(*hypervisor)->destroy(domain);
}

}  // namespace qvm::daemon
