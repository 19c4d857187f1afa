// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Texts that are read and written as a whole: of descriptors, pipes and files; and directories for these.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "qvm/base/result.h"
#include "qvm/base/unique_fd.h"

namespace qvm {

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};
// Both ends are close-on-exec. flags: as of pipe2().
Result<Pipe> make_pipe(int flags = 0);

// From where the descriptor stands to its end. Fails with an errno, without what it was about.
Result<std::string> read_all(int fd);
// All of it, or false, and errno says why.
bool write_all(int fd, std::string_view text);

// How long an end is waited for.
struct Patience {
  std::optional<std::chrono::steady_clock::time_point> deadline{};  // absent: without limit
  int interrupt = -1;  // a descriptor: if it is readable before anything has come, nobody waits on
};
// Until everybody has closed the other end of a pipe. Fails with ETIMEDOUT or ECANCELED if that does not
// come. most: bytes that are kept; what comes after them is read all the same.
Result<std::string> read_to_end(int fd, const Patience& patience,
                                std::size_t most = std::numeric_limits<std::size_t>::max());

// All that is in the file; a failure has its errno.
Result<std::string> read_file(const std::string& path);
// Replaces path by a file of ours with text: whoever reads it, and whoever comes after a kill or a full disk,
// sees the old one or the new one as a whole. Not synced: for what ends with the power as well.
// One writer at a time: what a killed one left of it, "path.new", is replaced as well.
// mode: whatever the umask is.
Result<void> replace_file(const std::string& path, std::string_view text, mode_t mode = 0600);

// A directory that may be there already; one that is made gets the mode, whatever the umask is.
Result<void> make_directory(const std::string& path, mode_t mode);

}  // namespace qvm
