// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Access to /dev/kvm for a VM's user alone, by an entry in the device's access control list, while its
// process starts.
#pragma once

#include <sys/types.h>

#include <map>
#include <mutex>
#include <string>

#include "qvm/base/result.h"
#include "qvm/base/unique_fd.h"

namespace qvm::daemon {

// Thread-safe. QEMU opens the device once, so a lease is given back as soon as the VM runs.
//
// Every qvmd of the host edits the same list, whatever its runtime directory. So who holds a lease is a lock
// on the device itself, at the user's number: the kernel gives it up with the process, and the last holder on
// the host takes the entry away. The ledger says which entries are qvm's to take away: an administrator's
// stay.
class KvmAccess {
 public:
  // device: "/dev/kvm"; ledger: the host's one file that lists the users to whom some qvmd gave access.
  KvmAccess(std::string device, std::string ledger)
      : x_device(std::move(device)), x_ledger(std::move(ledger)) {}

  // Takes back what killed processes have left behind; for the start, before the first acquire().
  void recover();
  // Lets uid open the device for reading and writing, unless it can anyhow. Every success needs a release().
  Result<void> acquire(uid_t uid);
  void release(uid_t uid);

 private:
  class Change;

  std::string x_device;
  std::string x_ledger;
  std::mutex x_mutex;
  UniqueFd x_locks;                     // the device, open for its locks; guarded by x_mutex
  std::map<uid_t, unsigned> x_holders;  // of this process; guarded by x_mutex
};

// The ledger of this host.
inline constexpr const char* kKvmLedger = "/run/qvm-kvm-leases";

// The accelerator's state for whoever asks: empty if KVM can be used through device by the calling process,
// else why not.
std::string why_no_kvm(const std::string& device = "/dev/kvm");

// For root: why the access control list of device cannot be edited, as a lease needs; empty if it can be, or
// if everybody may use the device.
std::string why_no_leases(const std::string& device = "/dev/kvm");

}  // namespace qvm::daemon
