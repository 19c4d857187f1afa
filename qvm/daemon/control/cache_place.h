// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Where qvm keeps what costs time to find out again, beyond the life of its daemons.
#pragma once

#include <sys/types.h>

#include <string>

#include "qvm/base/result.h"
#include "qvm/daemon/control/runtime_directory.h"

namespace qvm::daemon {

// What the wanted place depends on.
struct CacheFacts {
  uid_t uid = 0;
  std::string chosen{};      // QVM_CACHE_DIR
  std::string user_cache{};  // XDG_CACHE_HOME
  std::string home{};        // HOME

  static CacheFacts of_this_process();
};

// QVM_CACHE_DIR, else /var/cache/qvm for root, else $XDG_CACHE_HOME/qvm or $HOME/.cache/qvm; empty if none of
// these variables holds an absolute path.
std::string wanted_cache(const CacheFacts& facts);

struct CachePlace {
  std::string directory{};
  // In there, what libvirt learnt about QEMU.
  std::string libvirt() const { return directory + "/libvirt"; }
  // Why directory is not the wanted place but RUN/cache, as one clause; empty: it is.
  std::string why_not_kept{};
};

// Makes the wanted place and libvirt's part of it. If it cannot be made or written, the place is RUN/cache,
// which lasts as long as the runtime directory. Fails if that cannot be made either.
Result<CachePlace> open_cache(const RuntimePaths& paths, const CacheFacts& facts);
inline Result<CachePlace> open_cache(const RuntimePaths& paths) {
  return open_cache(paths, CacheFacts::of_this_process());
}

}  // namespace qvm::daemon
