// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Who is at the other end of a socket, as the kernel tells it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "qvm/base/result.h"
#include "qvm/base/unique_fd.h"
#include "qvm/regions/model/access.h"

namespace qvm::regions {

struct PeerProcess {
  pid_t pid = 0;
  Identity identity;
  // In ticks since boot, 0 if it cannot be told (other pid namespace, already gone). With the pid it names a
  // process for good.
  std::uint64_t start_time = 0;
  UniqueFd pidfd;  // readable once the process has died; may be absent
};

// The process that connected the socket.
Result<PeerProcess> peer_of(int socket);

// A descriptor for the process with this pid and start time; empty if it is not there any more.
UniqueFd open_process(pid_t pid, std::uint64_t start_time);

// Empty if there is no such process.
std::optional<std::uint64_t> start_time_of(pid_t pid);

}  // namespace qvm::regions
