// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/daemon/region_manager.h"

#include <utility>

#include "qvm/base/process_limits.h"

namespace qvm::daemon {

template <class Call>
auto RegionManager::with_admin(Call call) -> decltype(call(std::declval<regions::Admin&>())) {
  const std::lock_guard lock(x_mutex);
  if (!x_admin) {
    auto opened = x_open();
    if (!opened) return fail("region manager: " + explain_limit(opened.error().message()));
    x_admin = std::move(*opened);
  }
  return call(*x_admin);
}

Result<void> RegionManager::ensure() {
  return with_admin([](regions::Admin&) { return Result<void>(); });
}

Result<void> RegionManager::add_vm(const regions::VmPolicy& policy) {
  return with_admin([&](regions::Admin& admin) -> Result<void> {
    auto socket = admin.add_vm(policy);
    if (!socket) return tl::unexpected(std::move(socket.error()));
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
  return x_admin != nullptr;
}

bool RegionManager::leave() {
  const std::lock_guard lock(x_mutex);
  const auto admin = std::exchange(x_admin, nullptr);
  return admin && admin->leave();
}

}  // namespace qvm::daemon
