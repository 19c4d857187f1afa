// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Reaching the qvm-regiond of a runtime directory, which is started by whoever needs it first: qvmd, the
// command line or a host program.
#pragma once

#include <string>

#include "qvm/base/result.h"
#include "qvm/base/unique_fd.h"

namespace qvm::regions {

// Whether a connect failed because no qvm-regiond runs there.
inline bool nobody_serves(const Error& error) {
  return error.code() == ENOENT || error.code() == ECONNREFUSED;
}

// Connects to socket, a path below runtime_directory. If nobody serves it, starts program (an executable's
// path), which becomes nobody's child, and makes the directory (0755 for root, 0700 for others) if need be.
// Takes 5 s at most. Any thread, also of a program that has others. With the error of the connect it fails if
// program cannot be executed, or if the directory is another user's, whose affair it is to start one.
Result<UniqueFd> connect_or_start(const std::string& runtime_directory, const std::string& socket,
                                  const std::string& program);

}  // namespace qvm::regions
