// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What qvmd writes down of a VM before it makes it: enough for a successor to go on with it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "qvm/base/result.h"
#include "qvm/daemon/runtime_directory.h"
#include "qvm/plan/vm_plan.h"
#include "qvm/regions/policy.h"

namespace qvm::daemon {

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
// Why a file in RUN/vm/NAME cannot be used that has another format than ours, without being damaged.
std::string other_format(const std::string& path, int format, int ours);
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

}  // namespace qvm::daemon
