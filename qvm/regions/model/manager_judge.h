// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Inside of Manager: what deciding and explaining share.
#pragma once

#include "qvm/regions/model/manager.h"

namespace qvm::regions {

struct Manager::Bounds {
  std::uint32_t connections_per_region = 0;
  std::uint32_t connections = 0;
  std::uint64_t bytes = 0;
  std::uint32_t regions = 0;
  const VdevPolicy* vdev = nullptr;      // null: a host program
  std::string_view place{};              // of the limits; empty: the default ones
  const SystemLimits* system = nullptr;  // null: none
};

// One of the limits that an attachment or a new region must stay within.
struct Manager::Limit {
  // As the manifest has it; "system-": of the whole manifest; "all-", "host-", "clients-of-region": no policy
  // changes it.
  const char* name;
  const char* what;  // "regions of this VM"
  Refusal refusal;   // of what exceeds it
  std::uint64_t used;
  std::uint64_t most;
  std::uint64_t more;      // than is used now
  std::string_view place;  // where it is set; empty: it is the default, or nobody's

  bool exceeded() const { return more > most || used > most - more; }
  // "regions of this VM: 256 of 256 used"
  std::string text() const;
  // For who wrote the configuration: what is exceeded, where that is set, and what to do.
  std::string complaint() const;
};

Status status_of(Refusal refusal);
// " (place)", if it is known.
std::string in_brackets(std::string_view place);
}  // namespace qvm::regions
