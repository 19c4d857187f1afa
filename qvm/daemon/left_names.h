// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Names of VMs between two qvmds: what an earlier one has left of a VM is taken away while users already
// start others, and may never be mistaken for a new one of that name.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace qvm::daemon {

// Thread-safe.
class LeftNames {
 public:
  // While it lives nobody makes a VM of the name.
  class Hold {
   public:
    Hold(LeftNames& names, std::string name) : x_names(&names), x_name(std::move(name)) {}
    Hold(Hold&& other) noexcept
        : x_names(std::exchange(other.x_names, nullptr)), x_name(std::move(other.x_name)) {}
    Hold& operator=(Hold&&) = delete;
    ~Hold() {
      if (x_names != nullptr) x_names->let_go(x_name);
    }

   private:
    LeftNames* x_names;
    std::string x_name;
  };

  // Before what is left of a VM is looked at. nullopt: this qvmd has made one of that name, and nothing of it
  // is an earlier one's any more; or somebody else holds it.
  std::optional<Hold> hold(const std::string& name);
  // Before VMs are made: from now on the names are this qvmd's. Waits while one is held; false if cancelled
  // has become true.
  bool claim(const std::set<std::string>& names, const std::atomic<bool>& cancelled);

 private:
  void let_go(const std::string& name);

  std::mutex x_mutex;
  std::condition_variable x_changed;
  std::set<std::string> x_held;  // guarded by x_mutex, as is
  std::set<std::string> x_own;
};

}  // namespace qvm::daemon
