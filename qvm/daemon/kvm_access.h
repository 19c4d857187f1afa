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

namespace qvm::daemon {

// Thread-safe. QEMU opens the device once, so a lease is given back as soon as the VM runs.
class KvmAccess {
 public:
  // device: "/dev/kvm"; ledger: a file that lists the users with a lease, so that a successor can take back
  // what a killed process has left behind.
  KvmAccess(std::string device, std::string ledger)
      : x_device(std::move(device)), x_ledger(std::move(ledger)) {}

  // Takes back every lease in the ledger; for the start, before the first acquire().
  void recover();
  // Lets uid open the device for reading and writing, unless it can anyhow. Every success needs a release().
  Result<void> acquire(uid_t uid);
  void release(uid_t uid);

 private:
  struct Lease {
    unsigned holders = 0;
    bool granted = false;  // by us: to be taken back
  };
  Result<void> write_ledger();  // x_mutex held

  std::string x_device;
  std::string x_ledger;
  std::mutex x_mutex;
  std::map<uid_t, Lease> x_leases;  // guarded by x_mutex
};

// The accelerator's state for whoever asks: empty if KVM can be used through device by the calling process,
// else why not.
std::string why_no_kvm(const std::string& device = "/dev/kvm");

}  // namespace qvm::daemon
