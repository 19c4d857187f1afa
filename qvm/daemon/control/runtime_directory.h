// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The runtime directory: where it is, what is in it, and whether it may be trusted.
#pragma once

#include <string>
#include <string_view>

#include "qvm/base/result.h"
#include "qvm/base/unique_fd.h"

namespace qvm::daemon {

// Names of what qvmd and qvm use below a runtime directory; for the sockets of qvm-regiond see
// docs/region-protocol.md.
class RuntimePaths {
 public:
  explicit RuntimePaths(std::string root) : x_root(std::move(root)) {}

  const std::string& root() const { return x_root; }
  std::string socket() const { return x_root + "/qvmd.sock"; }
  std::string lock() const { return x_root + "/qvmd.lock"; }
  std::string libvirt_root() const { return x_root + "/libvirt"; }
  std::string vms() const { return x_root + "/vm"; }
  std::string vm(std::string_view name) const { return vms() + "/" + std::string(name); }
  std::string vm_record(std::string_view name) const { return vm(name) + "/plan.json"; }
  std::string console_socket(std::string_view name) const { return vm(name) + "/console.sock"; }
  std::string staged() const { return x_root + "/staged"; }
  std::string logs() const { return x_root + "/log"; }
  std::string vm_logs(std::string_view name) const { return logs() + "/" + std::string(name); }
  std::string console_log(std::string_view name) const { return vm_logs(name) + "/console.log"; }
  std::string daemon_log() const { return logs() + "/qvmd.log"; }
  std::string region_log() const { return logs() + "/regiond.log"; }

 private:
  std::string x_root;
};

// requested (an option) if not empty, else default_runtime_directory() of qvm/base/runtime_place.h. Absolute.
// Fails if the working directory, on which a relative path depends, is gone.
Result<std::string> choose_runtime_directory(const std::string& requested);

// Makes the directory and its fixed parts if they are missing and checks that nobody else can write to it.
// Fails with one sentence that says what to do.
Result<void> prepare_runtime_directory(const RuntimePaths& paths);

// What to say when something in its place is no directory.
Error not_a_directory(const RuntimePaths& paths);

// The directory nearest above path in which another user could rename what leads to path; empty if there is
// none.
Result<std::string> find_open_parent(const std::string& path);

// Fails if a Unix socket that this VM needs would have too long a path (sun_path).
Result<void> check_socket_lengths(const RuntimePaths& paths, std::string_view vm);

// An exclusive lock on a file, gone with the descriptor. wait: until it is free; else fails with EWOULDBLOCK.
enum class LockWait { no, yes };
Result<UniqueFd> lock_file(const std::string& path, LockWait wait);

}  // namespace qvm::daemon
