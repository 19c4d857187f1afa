// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Starts sets of VMs and takes away what they leave: the steps, in order, with roll-back. Blocking; for
// worker threads.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "qvm/base/result.h"
#include "qvm/daemon/domain_files.h"
#include "qvm/daemon/hypervisor_pool.h"
#include "qvm/daemon/kvm_access.h"
#include "qvm/daemon/region_manager.h"
#include "qvm/daemon/runtime_directory.h"
#include "qvm/host/hypervisor.h"

namespace qvm::daemon {

// Thread-safe for different VMs; the parts it is given must outlive it.
class Launcher {
 public:
  using Started = std::function<void(const host::DomainInfo&)>;
  // Called with failures that change nothing about the result, for the log.
  using Complain = std::function<void(const std::string&)>;

  Launcher(RuntimePaths paths, HypervisorPool& hypervisors, RegionManager& regions, KvmAccess& kvm,
           Complain complain)
      : x_paths(std::move(paths)),
        x_hypervisors(hypervisors),
        x_regions(regions),
        x_kvm(kvm),
        x_complain(std::move(complain)) {}

  // Opens what every start needs, ahead of time; failures come again, with a start.
  void prepare_host();

  // Starts all VMs of a set (all with the same URI, regions and set), or none: on failure, and when cancelled
  // becomes true on the way, everything is as before. No guest runs before every VM of the set is complete.
  // Returns their processes in order. started is told of each VM that is about to run, from any thread.
  Result<std::vector<host::DomainInfo>> start(const std::vector<VmRecord>& set,
                                              const std::atomic<bool>& cancelled, const Started& started);

  // Ends a domain at once.
  Result<void> destroy(const VmRecord& vm);
  // Asks the guest to power off.
  Result<void> shutdown(const VmRecord& vm);
  // Whether its guest was stopped by the hypervisor, which cannot go on with it.
  bool is_stuck(const VmRecord& vm);
  // What its process said last that matters.
  host::LastWords last_words(const VmRecord& vm);

  // After the domain is gone: takes the VM's rights, socket and files away, and with the last of its set the
  // set's regions.
  enum class LastOfSet { no, yes };
  void clean_up(const VmRecord& vm, LastOfSet last);

  // VMs of an earlier qvmd: those whose domain still runs. What is left of others is cleaned up, and a set
  // that it did not start completely is taken away as a whole. First of all, before anything is started.
  struct Adopted {
    VmRecord vm{};
    host::DomainInfo process{};
  };
  std::vector<Adopted> adopt();

 private:
  class RollBack;
  Result<std::string> prepare(const VmRecord& vm, RollBack& roll_back);
  Result<std::vector<host::DomainInfo>> start_domains(const std::vector<VmRecord>& set,
                                                      const std::vector<std::string>& domains,
                                                      const Started& started);
  Result<host::DomainInfo> start_domain(const VmRecord& vm, const std::string& domain_xml);
  Result<void> resume(const VmRecord& vm);
  std::vector<VmRecord> usable_records();
  void forget(const VmRecord& vm);
  void destroy_strays(const std::vector<Adopted>& adopted);
  void destroy_all(const std::vector<const VmRecord*>& vms);
  void remove_rights(const std::string& vm);
  void remove_region(const std::string& region);
  void complain_if_failed(const Result<void>& result, std::string_view what) const;

  RuntimePaths x_paths;
  HypervisorPool& x_hypervisors;
  RegionManager& x_regions;
  KvmAccess& x_kvm;
  Complain x_complain;
};

}  // namespace qvm::daemon
