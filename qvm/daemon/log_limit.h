// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Logs that others write, kept from filling the disk.
#pragma once

#include <sys/types.h>

#include <string>

#include "qvm/daemon/runtime_directory.h"

namespace qvm::daemon {

// Of each log of a VM so many of the last bytes are kept, and a little more.
inline constexpr off_t kKeptOfALog = off_t{16} << 20;

// Gives the beginning of a file that has grown too long back to the file system: it reads as zeros from then
// on, and whoever writes it notices nothing. Does nothing where there is no such file or the file system
// cannot do it.
void shorten_log(const std::string& path, off_t kept = kKeptOfALog);

// All logs of a VM: consoles, host sides, and what its process says.
void shorten_logs(const RuntimePaths& paths, const std::string& vm);

}  // namespace qvm::daemon
