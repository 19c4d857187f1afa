// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The processes that connect serial devices with the host, one per device that needs it.
#pragma once

#include <sys/types.h>

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "qvm/base/result.h"
#include "qvm/base/unique_fd.h"
#include "qvm/daemon/control/runtime_directory.h"
#include "qvm/plan/vm_plan.h"

namespace qvm::daemon {

// Thread-safe; start() and finish() block. A relay ends by itself when its VM's process has ended: nothing is
// lost with a qvmd that is killed.
class Relays {
 public:
  explicit Relays(RuntimePaths paths) : x_paths(std::move(paths)) {}

  // For a VM whose process is complete and whose guest does not run. Succeeds when every host side is open,
  // or may be opened later; else fails with what could not be opened, and relays that were started end with
  // the VM.
  Result<void> start(const plan::VmPlan& plan);
  // After the end of the VM's process: waits, for a bounded time, until what it wrote last is where it
  // belongs.
  void finish(const std::string& vm);

  // Whose process has ended: nullopt if it was not a relay's, else what to tell about it, which may be
  // nothing.
  struct End {
    std::string vm{};
    std::string text{};
  };
  std::optional<End> ended(pid_t pid, int wait_status);

 private:
  struct Process {
    std::string vm;
    std::string vdev;
    UniqueFd pidfd;
  };
  Result<std::string> spawn(const plan::VmPlan& plan, const vdevs::Relay& relay);

  const RuntimePaths x_paths;
  std::mutex x_mutex;
  std::map<pid_t, Process> x_processes;  // guarded by x_mutex
};

}  // namespace qvm::daemon
