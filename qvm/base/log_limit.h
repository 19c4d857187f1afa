// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Logs kept from filling the disk.
#pragma once

#include <sys/types.h>

#include <string>

namespace qvm {

// Of each log so many of the last bytes are kept, and a little more.
inline constexpr off_t kKeptOfALog = off_t{16} << 20;

// Gives the beginning of a file that has grown too long back to the file system: it reads as zeros from then
// on, and whoever writes it notices nothing. Does nothing where there is no such file or the file system
// cannot do it.
void shorten_log(const std::string& path, off_t kept = kKeptOfALog);

}  // namespace qvm
