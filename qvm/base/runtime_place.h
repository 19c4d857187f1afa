// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Where the runtime directory is that nobody has named: the same place for the programs, the daemons and the
// C library.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

namespace qvm {

// What the choice depends on.
struct RuntimePlaceFacts {
  uid_t uid = 0;
  std::string chosen{};        // QVM_RUNTIME_DIR; may be empty
  std::string user_runtime{};  // XDG_RUNTIME_DIR; may be empty
  // Whether the user owns this directory and can make something in it.
  std::function<bool(const std::string&)> is_users{};

  // Of this process. The environment of whoever started a set-uid program does not count.
  static RuntimePlaceFacts of_this_process();
};

// The directory that was chosen, else /run/qvm for root. Others get "qvm" in the first of $XDG_RUNTIME_DIR
// and /run/user/UID that is theirs, else /tmp/qvm-UID: a container and a service have neither.
std::string default_runtime_directory(const RuntimePlaceFacts& facts);

// False if path exists and is no directory of uid's, or a link: then somebody else has put it there. For
// places below /tmp, where everybody can make anything.
bool is_safe_for(uid_t uid, const std::string& path);

}  // namespace qvm
