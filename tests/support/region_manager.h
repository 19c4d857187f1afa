// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// A qvm-regiond of one test's own, in a directory of its own, gone with this object.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "qvm/regions/client/admin.h"

namespace qvm::test {

class RegionManager {
 public:
  // Starts it; failures are failures of the running test.
  RegionManager();
  // Removes the VMs, upon which the idle qvm-regiond ends, and waits for that end. Their QEMUs must be gone.
  ~RegionManager();
  RegionManager(const RegionManager&) = delete;
  RegionManager& operator=(const RegionManager&) = delete;

  const std::string& directory() const { return directory_; }
  // Registers a VM of our own uid with one vdev, "shmem0"; returns its socket's path.
  std::string add_vm(const std::string& vm, const std::vector<regions::NameRule>& rules = {});
  // A region of the manifest, until the end.
  void add_region(const regions::RegionSpec& region);
  std::string describe();

 private:
  std::string directory_;
  std::vector<std::string> vms_;
  std::vector<std::string> regions_;
  std::unique_ptr<regions::Admin> admin_;
};

}  // namespace qvm::test
