// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// qvm-regiond as the supervisor sees it: opened when first needed.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "qvm/base/result.h"
#include "qvm/regions/client/admin.h"

namespace qvm::daemon {

// Thread-safe; every member may block for some seconds. A call that takes long holds up no other, as long as
// not all of the few connections are at such calls.
class RegionManager {
 public:
  using Open = std::function<Result<std::unique_ptr<regions::Admin>>()>;

  explicit RegionManager(Open open) : x_open(std::move(open)) { x_free.reserve(kMostConnections); }

  // Starts qvm-regiond if it is not running.
  Result<void> ensure();
  Result<void> add_vm(const regions::VmPolicy& policy);
  Result<void> remove_vm(const std::string& vm);
  Result<void> add_region(const regions::RegionSpec& region);
  Result<void> remove_region(const std::string& name);
  Result<std::optional<unsigned>> clients(const std::string& region);
  // Whether it was needed so far.
  bool opened();
  // Drops all connections; no call is under way. True if qvm-regiond ends now, as nobody else needs it.
  bool leave();

 private:
  template <class Call>
  auto with_admin(Call call) -> decltype(call(std::declval<regions::Admin&>()));

  Result<std::unique_ptr<regions::Admin>> take();
  Result<std::unique_ptr<regions::Admin>> open_one();
  void put_back(std::unique_ptr<regions::Admin> admin);

  static constexpr std::size_t kMostConnections = 4;

  Open x_open;
  std::mutex x_opening;  // only one starts qvm-regiond
  std::mutex x_mutex;
  std::condition_variable x_changed;
  // Guarded by x_mutex, as all that follows: connections of no call now.
  std::vector<std::unique_ptr<regions::Admin>> x_free;
  std::size_t x_connections = 0;  // all, and those that are being opened
  bool x_opened = false;
};

}  // namespace qvm::daemon
