// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Commanding qvm-regiond: which VMs and regions exist and who may do what; and asking what is going on.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "qvm/base/result.h"
#include "qvm/regions/model/explanation.h"
#include "qvm/regions/model/policy.h"

namespace qvm::regions {

// One control connection; while any is open, qvm-regiond stays. Blocking calls; one thread. Reserving memory
// may take long, and qvm-regiond says that it is at it. A call fails with code() ETIMEDOUT after a while
// without a word; what it asked for is then undone, even if qvm-regiond comes to it only later.
class Admin {
 public:
  virtual ~Admin() = default;

  static constexpr std::chrono::seconds kUsualPatience{5};

  // Connects to runtime_directory's qvm-regiond, starting program (an executable's path) when none runs.
  // patience: how long a call waits for a word.
  static Result<std::unique_ptr<Admin>> open(const std::string& runtime_directory, const std::string& program,
                                             std::chrono::milliseconds patience = kUsualPatience);
  // Null if none runs.
  static Result<std::unique_ptr<Admin>> open_if_served(const std::string& runtime_directory);

  // Registers the VM, makes its `create` regions and its socket; returns the socket's path. Refuses a name in
  // use.
  virtual Result<std::string> add_vm(const VmPolicy& policy) = 0;
  // Detaches whatever the VM still has, removes its socket and its `create` regions.
  virtual Result<void> remove_vm(const std::string& vm) = 0;
  virtual Result<void> add_region(const RegionSpec& region) = 0;
  virtual Result<void> remove_region(const std::string& name) = 0;
  // State for `qvm regions --json`: see schemas/regions.schema.json.
  virtual Result<std::string> describe_json() = 0;
  // What an attach would come to and why: see schemas/explanation.schema.json.
  virtual Result<std::string> explain_json(const ExplainRequest& request) = 0;
  // How many attachments the region has; nullopt: there is none of that name.
  virtual Result<std::optional<unsigned>> clients(const std::string& region) = 0;
  // The last call. True if qvm-regiond ends now; false if it stays, because others need it, or if it cannot
  // be told.
  virtual bool leave() = 0;
};

}  // namespace qvm::regions
