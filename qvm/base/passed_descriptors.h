// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Messages between processes that carry descriptors (SCM_RIGHTS).
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <span>
#include <vector>

#include "qvm/base/unique_fd.h"

namespace qvm {

// The kernel takes no more with one message.
inline constexpr std::size_t kMaxPassed = 253;

// Sends one message without waiting and without SIGPIPE. descriptors stay the caller's, kMaxPassed at most.
// 0, or the errno.
int send_passing(int socket, std::span<const std::byte> data, std::span<const int> descriptors);

struct Passed {
  ssize_t bytes = 0;  // as recvmsg() returns it
  int code = 0;       // the errno, if that is negative
  bool cut = false;   // the message was longer than data
  bool lost = false;  // descriptors of it are closed: there was no room, or more came than wanted
  std::vector<UniqueFd> descriptors{};  // close-on-exec
};

// Receives one message. most: descriptors that are wanted; one more may come, as sizes are rounded. flags: as
// of recvmsg().
Passed receive_passed(int socket, std::span<std::byte> data, std::size_t most, int flags);

}  // namespace qvm
