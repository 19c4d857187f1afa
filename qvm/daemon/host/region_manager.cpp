// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/host/region_manager.h"

#include <utility>

#include "qvm/base/process_limits.h"

namespace qvm::daemon {

Result<std::unique_ptr<regions::Admin>> RegionManager::take() {
  std::unique_lock lock(x_mutex);
  for (;;) {
    x_changed.wait(lock, [this] { return !x_free.empty() || x_connections < kMostConnections; });
    if (!x_free.empty()) {
      auto admin = std::move(x_free.back());
      x_free.pop_back();
      return admin;
    }
    ++x_connections;
    lock.unlock();
    auto opened = open_one();
    lock.lock();
    if (opened) return opened;
    --x_connections;
    x_changed.notify_all();
    if (x_connections == 0) return fail("region manager: " + explain_limit(opened.error().message()));
    // With descriptors lacking, one that there is already will do.
    x_changed.wait(lock, [this] { return !x_free.empty() || x_connections == 0; });
  }
}

Result<std::unique_ptr<regions::Admin>> RegionManager::open_one() {
  const std::lock_guard lock(x_opening);
  return x_open();
}

void RegionManager::put_back(std::unique_ptr<regions::Admin> admin) {
  const std::lock_guard lock(x_mutex);
  x_opened = true;
  x_free.push_back(std::move(admin));
  x_changed.notify_all();
}

template <class Call>
auto RegionManager::with_admin(Call call) -> decltype(call(std::declval<regions::Admin&>())) {
  auto admin = QVM_TRY(take());
  // Also if the call throws: nobody would get its connection any more.
  struct Lease {
    ~Lease() { manager.put_back(std::move(admin)); }
    RegionManager& manager;
    std::unique_ptr<regions::Admin> admin;
  };
  const Lease lease{*this, std::move(admin)};
  return call(*lease.admin);
}

Result<void> RegionManager::ensure() {
  return with_admin([](regions::Admin&) { return Result<void>(); });
}

Result<void> RegionManager::add_vm(const regions::VmPolicy& policy) {
  return with_admin([&](regions::Admin& admin) -> Result<void> {
    QVM_TRY(admin.add_vm(policy));
    return {};
  });
}

Result<void> RegionManager::remove_vm(const std::string& vm) {
  return with_admin([&](regions::Admin& admin) { return admin.remove_vm(vm); });
}

Result<void> RegionManager::add_region(const regions::RegionSpec& region) {
  return with_admin([&](regions::Admin& admin) { return admin.add_region(region); });
}

Result<void> RegionManager::remove_region(const std::string& name) {
  return with_admin([&](regions::Admin& admin) { return admin.remove_region(name); });
}

Result<std::optional<unsigned>> RegionManager::clients(const std::string& region) {
  return with_admin([&](regions::Admin& admin) { return admin.clients(region); });
}

bool RegionManager::opened() {
  const std::lock_guard lock(x_mutex);
  return x_opened;
}

bool RegionManager::leave() {
  const std::lock_guard lock(x_mutex);
  if (x_free.empty()) return false;
  const auto last = std::move(x_free.back());
  // qvm-regiond does not end while others are open.
  x_free.clear();
  x_connections = 0;
  return last->leave();
}

}  // namespace qvm::daemon
