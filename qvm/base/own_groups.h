// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The groups that this process is in.
#pragma once

#include <sys/types.h>

#include <vector>

#include "qvm/base/result.h"

namespace qvm {

inline constexpr int kMostGroups = 65536;  // of a process: the kernel's bound

// The supplementary ones: its effective group need not be among them.
Result<std::vector<gid_t>> own_groups();
// Whether this is its effective group or one of those. False if it cannot be asked.
bool is_member(gid_t group);

}  // namespace qvm
