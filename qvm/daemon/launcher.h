// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Makes sets of VMs and takes away what they leave: the steps, in order, with roll-back. Blocking; for
// worker threads.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "qvm/base/result.h"
#include "qvm/daemon/control/runtime_directory.h"
#include "qvm/daemon/files/domain_files.h"
#include "qvm/daemon/files/records.h"
#include "qvm/daemon/files/staging_place.h"
#include "qvm/daemon/host/hypervisor_pool.h"
#include "qvm/daemon/host/kvm_access.h"
#include "qvm/daemon/host/links.h"
#include "qvm/daemon/host/region_manager.h"
#include "qvm/daemon/host/relays.h"
#include "qvm/daemon/left_names.h"
#include "qvm/host/hypervisor.h"
#include "qvm/lifecycle/progress.h"

namespace qvm::daemon {

// Thread-safe for different VMs; the parts it is given must outlive it.
class Launcher {
 public:
  // Called with failures that change nothing about the result, for the log.
  using Complain = std::function<void(const std::string&)>;

  Launcher(RuntimePaths paths, HypervisorPool& hypervisors, RegionManager& regions, KvmAccess& kvm,
           Complain complain)
      : x_paths(std::move(paths)),
        x_hypervisors(hypervisors),
        x_regions(regions),
        x_kvm(kvm),
        x_complain(std::move(complain)),
        x_relays(x_paths),
        x_staging(x_paths.staged(), places_elsewhere()) {}

  // Opens what every start needs, ahead of time; failures come again, with a start.
  void prepare_host();

  // Makes all VMs of a set (all with the same URI, regions and set), or none: on failure, and when cancelled
  // becomes true on the way, everything is as before. Their processes are complete, returned in order; their
  // guests do not run.
  // uuids: of the domains, in order.
  Result<std::vector<host::DomainInfo>> create(const std::vector<VmRecord>& set,
                                               const std::vector<std::string>& uuids,
                                               const std::atomic<bool>& cancelled);
  // The same for a VM that has ended and was released, while its set goes on. On failure it is as it was.
  Result<host::DomainInfo> create_again(const VmRecord& vm, const std::string& uuid);
  // Lets a guest run. Succeeds if it runs already, or if there is no domain any more.
  Result<void> resume(const VmRecord& vm);
  // Connects network interfaces of its domain to ends of links.
  Result<void> plug_in(const VmRecord& vm, const std::vector<PluggedEnd>& ends);
  // Ends its process without asking libvirt, which may be waiting for that process.
  void kill(const VmRecord& vm);
  // The whole set was started: a successor goes on with it.
  void mark_started(const VmRecord& vm);

  // Ends a domain at once.
  Result<void> destroy(const VmRecord& vm);
  // Asks the guest to power off.
  Result<void> shutdown(const VmRecord& vm);
  // Why its guest cannot go on, if the hypervisor has stopped it.
  host::Standstill standstill(const VmRecord& vm);
  // Whether there is still a domain of it.
  Result<bool> has_domain(const VmRecord& vm);
  // What its process said last that matters.
  host::LastWords last_words(const VmRecord& vm);

  // After the domain is gone: takes the VM's rights and socket away. What a successor must know stays.
  void release(const VmRecord& vm);
  // After that: takes its files away, and with the last of its set the set's regions.
  enum class LastOfSet { no, yes };
  void clean_up(const VmRecord& vm, LastOfSet last);
  // When no VM is left: takes away what all of them shared.
  void remove_staged_files() { x_staging.remove(); }

  // Whose process has ended, if it was a relay's.
  std::optional<Relays::End> relay_ended(pid_t pid, int wait_status) {
    return x_relays.ended(pid, wait_status);
  }

  // A VM of an earlier qvmd, dead or alive.
  struct Adopted {
    VmRecord vm{};
    lifecycle::Progress progress{};
    std::optional<host::DomainInfo> process{};  // absent: there is no domain
  };
  // One that is left as it is: its record cannot be used, or libvirt cannot be asked about it.
  struct Foreign {
    VmRecord vm{};
    std::string why{};
    bool for_now = false;                           // it can be another matter when it is tried again
    std::optional<pid_t> pid{};                     // 0: it has no process; absent: that is not known
    std::optional<lifecycle::Progress> progress{};  // absent: it cannot be read
  };
  struct Found {
    std::vector<Adopted> adopted{};
    std::vector<Foreign> foreign{};
    std::vector<std::string> gone{};  // asked for, and nothing was or is left of them
  };
  // All VMs of an earlier qvmd, as far as it is known before libvirt and region manager are asked about them:
  // foreign for now. Does not block. Fails if it cannot be told which there are.
  Result<Found> look() const;
  // What they are. A set that was not started completely is taken away as a whole, and so is what was begun
  // to be made of a VM that was to be started again. names: those that look() found, or that are foreign for
  // now.
  Found adopt(const std::set<std::string>& names);
  // The same for all that look() found, and takes away what else is left. Nothing else may be called
  // meanwhile: libvirt must not be opened, or anything be started, before what is half-made has been taken
  // away.
  Found adopt_all(const std::set<std::string>& names);

 private:
  class RollBack;
  Result<void> prepare(const VmRecord& vm, RollBack& roll_back);
  Result<void> give_rights(const VmRecord& vm, RollBack& roll_back);
  Result<std::vector<host::DomainInfo>> start_domains(const std::vector<VmRecord>& set,
                                                      const std::vector<StagedDomain>& domains);
  Result<host::DomainInfo> start_domain(const VmRecord& vm, const StagedDomain& domain);
  Result<StagedDomain> stage(const VmRecord& vm, const std::string& uuid);
  Found usable_records(const std::set<std::string>& names);
  bool was_started(const VmRecord& vm) const;
  void forget(const VmRecord& vm);
  void forget_run(const VmRecord& vm);
  void destroy_strays();
  Result<std::vector<host::DomainInfo>> list(const std::string& uri);
  void destroy_all(const std::vector<const VmRecord*>& vms);
  void remove_rights(const std::string& vm);
  void remove_region(const std::string& region);
  void complain_if_failed(const Result<void>& result, std::string_view what) const;

  RuntimePaths x_paths;
  HypervisorPool& x_hypervisors;
  RegionManager& x_regions;
  KvmAccess& x_kvm;
  Complain x_complain;
  Relays x_relays;
  StagingPlace x_staging;
  LeftNames x_left_names;
};

}  // namespace qvm::daemon
