// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What qvmd writes down of VMs, so that a successor can go on with them: in RUN/vm/NAME what they are and how
// far they are, in RUN/log/NAME how they ended.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "qvm/base/result.h"
#include "qvm/daemon/control/runtime_directory.h"
#include "qvm/lifecycle/progress.h"
#include "qvm/lifecycle/vm_status.h"
#include "qvm/plan/vm_plan.h"
#include "qvm/regions/model/policy.h"

namespace qvm::daemon {

// Written before anything of the VM is made.
struct VmRecord {
  plan::VmPlan plan{};
  std::string libvirt_uri{};                       // empty: embedded
  std::string set{};                               // VMs started together
  std::vector<regions::RegionSpec> set_regions{};  // of the whole set
  bool owned = false;
  std::int64_t since = 0;
  // What is written cannot be used: of the plan only the name is known, and libvirt_uri if it could be found
  // out.
  bool foreign = false;

  bool operator==(const VmRecord&) const = default;
};

// Replaces RUN/vm/NAME/plan.json as a whole.
Result<void> write_record(const RuntimePaths& paths, const VmRecord& record);
// A failure with an errno: it cannot be read now, or (ENOENT) there is none. Without: it is damaged, or
// another release wrote it, which is no damage.
Result<VmRecord> read_record(const RuntimePaths& paths, const std::string& vm);
// The foreign record of a VM whose record read_record() refuses.
VmRecord foreign_record(const RuntimePaths& paths, const std::string& vm);

// A mark in RUN/vm/NAME: the whole set was started, not only a part of it. What mark_starting() makes becomes
// that mark, also when there is no room any more.
Result<void> mark_starting(const RuntimePaths& paths, const std::string& vm);
Result<void> mark_started(const RuntimePaths& paths, const std::string& vm);
// True also if it cannot be told.
bool is_marked_started(const RuntimePaths& paths, const std::string& vm);
// Names of all VMs that have a directory. Fails if that cannot be read, which does not mean that there are
// none.
Result<std::vector<std::string>> recorded_vms(const RuntimePaths& paths);

// Replaces RUN/vm/NAME/progress.json as a whole: a reader sees the old or the new one.
Result<void> write_progress(const RuntimePaths& paths, const std::string& vm,
                            const lifecycle::Progress& progress);
// A failure with an errno: it cannot be read now, or (ENOENT) there is none. Without: it is damaged.
Result<lifecycle::Progress> read_progress(const RuntimePaths& paths, const std::string& vm);

// How a VM has failed: `qvm ps` tells it also when the qvmd that saw it has ended. Replaces
// RUN/log/NAME/end.json.
Result<void> remember_end(const RuntimePaths& paths, const lifecycle::VmStatus& status);
// Nothing if there is none.
void forget_end(const RuntimePaths& paths, const std::string& vm);
// Those that can be read; what another release wrote is not told.
std::vector<lifecycle::VmStatus> remembered_ends(const RuntimePaths& paths);

}  // namespace qvm::daemon
