// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// One hypervisor connection per libvirt URI, opened when first needed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "qvm/base/result.h"
#include "qvm/host/hypervisor.h"

namespace qvm::daemon {

// Thread-safe; get() may block while libvirt answers.
class HypervisorPool {
 public:
  // uri "": the embedded one.
  using Open = std::function<Result<std::unique_ptr<host::Hypervisor>>(const std::string& uri)>;

  // See abandon().
  using Abandon = std::function<void(const std::string& domain)>;

  HypervisorPool(Open open, Abandon abandon) : x_open(std::move(open)), x_abandon(std::move(abandon)) {}

  // Stays the pool's; valid as long as the pool.
  Result<host::Hypervisor*> get(const std::string& uri);
  // Takes away what a start that was cut short has left of a domain: before libvirt looks, if it is the
  // embedded one and was not opened yet.
  void abandon(const std::string& uri, const std::string& domain);

 private:
  // One that does not answer keeps nobody from the others.
  struct Slot {
    std::mutex mutex;
    std::unique_ptr<host::Hypervisor> hypervisor;  // guarded by mutex
  };
  Slot& slot_of(const std::string& uri);

  Open x_open;
  Abandon x_abandon;
  std::mutex x_mutex;
  std::map<std::string, Slot> x_slots;  // guarded by x_mutex; what is in it stays where it is
};

}  // namespace qvm::daemon
