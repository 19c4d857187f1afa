// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Who is who in the life cycle, and what is known of a VM from the beginning. Plain values.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/manifest/supervision.h"

namespace qvm::lifecycle {

// Numbers are given by one qvmd and never twice. A name can be another VM's later, a number cannot.
using VmId = std::uint64_t;  // of a VM, with all its restarts
using RunId =
    std::uint64_t;  // of one run of a VM: from the making of its process until nothing is left of it
using StartId = std::uint64_t;   // of the start of a set
using ClientId = std::uint64_t;  // who asks; 0: nobody

struct Description {
  std::string name{};
  std::string set{};  // VMs that were started together
  std::vector<config::Condition> depends_on{};
  config::RestartPolicy restart{};
  bool runs_at_once = false;  // its guest cannot be held back: a dry run
  bool owned = false;         // it ends with the client that started it
  std::optional<uid_t> uid{};
  bool own_uid = false;                  // that user was made for this VM alone
  std::int64_t since = 0;                // when it was asked for, seconds since 1970
  std::vector<std::string> terminals{};  // see VmStatus
};

}  // namespace qvm::lifecycle
