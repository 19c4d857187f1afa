// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The user and group that a VM runs under in tests; no account of the host has these numbers.
#pragma once

#include "qvm/daemon/files/file_access.h"

namespace qvm::test {

inline constexpr daemon::VmUser kVmUser{.uid = 64123, .gid = 64123};

}  // namespace qvm::test
