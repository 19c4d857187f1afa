// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// qvm-regiond as the supervisor sees it: opened when first needed.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "qvm/base/result.h"
#include "qvm/regions/admin.h"

namespace qvm::daemon {

// Thread-safe; every member may block for some seconds.
class RegionManager {
 public:
  using Open = std::function<Result<std::unique_ptr<regions::Admin>>()>;

  explicit RegionManager(Open open) : x_open(std::move(open)) {}

  // Starts qvm-regiond if it is not running.
  Result<void> ensure();
  Result<void> add_vm(const regions::VmPolicy& policy);
  Result<void> remove_vm(const std::string& vm);
  Result<void> add_region(const regions::RegionSpec& region);
  Result<void> remove_region(const std::string& name);
  Result<std::optional<unsigned>> clients(const std::string& region);
  // Whether it was needed so far.
  bool opened();
  // Drops the connection. True if qvm-regiond ends now, as nobody else needs it.
  bool leave();

 private:
  template <class Call>
  auto with_admin(Call call) -> decltype(call(std::declval<regions::Admin&>()));

  Open x_open;
  std::mutex x_mutex;
  std::unique_ptr<regions::Admin> x_admin;  // guarded by x_mutex
};

}  // namespace qvm::daemon
