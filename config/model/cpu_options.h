// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Where virtual CPUs may run, and with what priority.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "config/model/options.h"

namespace qvm::config {

struct HostCpu {
  std::uint32_t number = 0;
  SourceRange where;
};

// The host CPUs that `runmask` or `cluster _cpu-N`, whichever comes last, names, as written; empty: any.
// Which of this host those are is told by config/manifest/host_cpus.h.
std::vector<HostCpu> host_cpus_of(const Cpu& cpu);

struct Priority {
  std::uint32_t value = 0;  // the normal one; of sporadic scheduling the higher
  SourceRange where;
};
// `sched` of a cpu or vdev; nullopt: not given, or not understood.
std::optional<Priority> priority_of(const std::vector<Option>& options);

}  // namespace qvm::config
