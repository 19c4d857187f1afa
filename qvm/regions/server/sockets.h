// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Making the sockets and directories of qvm-regiond, with the owners and modes that identities rest on.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "qvm/base/result.h"
#include "qvm/base/unique_fd.h"

namespace qvm::regions {

// A directory that only its owner, this process's user, can write to; made if it does not exist. Fails if
// somebody else owns it, it is a link, or others may write. name is one component below parent (a directory's
// descriptor, or AT_FDCWD with a whole path). One that exists keeps its mode and group.
Result<UniqueFd> private_directory(int parent, const std::string& name, mode_t mode);
// Sets its mode and, if this process is root, its group.
Result<void> open_to_group(int directory, mode_t mode, gid_t group);

// A listening SOCK_SEQPACKET socket in the directory, replacing what is there. mode and group are set before
// anybody can connect.
Result<UniqueFd> listen_in(int directory, std::string_view name, mode_t mode, gid_t group);

// The next connection, non-blocking; empty if there is none.
UniqueFd accept_from(int listener);

// The group of new files of this process, for "no special group".
gid_t own_group();

}  // namespace qvm::regions
