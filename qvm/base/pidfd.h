// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// A descriptor of a process: readable when the process has ended, and never of another that got its number.
#pragma once

#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "qvm/base/unique_fd.h"

namespace qvm {

// None (errno says why) if there is no such process. Close-on-exec.
inline UniqueFd open_pidfd(pid_t pid) {
  return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

}  // namespace qvm
