// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The files one VM has in the runtime directory: made before it starts, removed when it is gone.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "qvm/base/result.h"
#include "qvm/daemon/control/runtime_directory.h"
#include "qvm/daemon/files/file_access.h"
#include "qvm/daemon/files/staging_place.h"
#include "qvm/host/hypervisor.h"
#include "qvm/plan/vm_plan.h"

namespace qvm::daemon {

// Whom the VM's process runs as, absent if as we do.
std::optional<VmUser> identity_of(const plan::VmPlan& plan);

// Where programs find its pseudo terminals.
std::vector<std::string> terminals_of(const plan::VmPlan& plan);

// Makes directories for logs, if they are not there, and keeps the console log of the VM's run before as
// ".1": the next run begins a new one.
Result<void> prepare_logs(const RuntimePaths& paths, const std::string& vm);

// Keeps them from filling the disk (qvm/base/log_limit.h): consoles, host sides, and what its process says.
void shorten_logs(const RuntimePaths& paths, const std::string& vm);

// Makes RUN/vm/NAME, open to the VM's group only, and its log directory, if it is not there; an older console
// log is kept as ".1". What a killed predecessor left in the VM's directory is removed.
Result<void> make_vm_directories(const RuntimePaths& paths, const plan::VmPlan& plan);

// A domain that is ready to start.
struct StagedDomain {
  std::string xml{};
  std::vector<host::PassedFile> files{};
};

// Where files of the installation go that a VM's user cannot read.
struct Staging {
  StagingPlace& place;
  std::string guests;  // the folder of the guests that qvm is installed with; empty: there is none
};

// Writes vmhost.json and the ACPI table, and opens the VM's disks. What the VM's user cannot read is copied:
// plugins, firmware and guests of the installation to the staging place, which all VMs share, the user's own
// files into RUN/vm/NAME, for this VM alone. The domain's XML and vmhost.json name the copies. Fails if
// something remains that its user cannot use. uuid: the domain's. note is told what is other than configured.
Result<StagedDomain> stage_files(const RuntimePaths& paths, const Staging& staging, const plan::VmPlan& plan,
                                 const std::string& uuid,
                                 const std::function<void(const std::string&)>& note);

// Removes RUN/vm/NAME with everything in it; logs stay.
void remove_vm_directory(const RuntimePaths& paths, const std::string& vm);

}  // namespace qvm::daemon
