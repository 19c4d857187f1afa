// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Inside of Manager: what its two deciding halves share.
#pragma once

#include "qvm/regions/manager.h"

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

// What refuses, and where it is written.
struct Manager::Bound {
  Refusal refusal = Refusal::none;
  std::string place;
};

Status status_of(Refusal refusal);
// For a region that could not be made.
std::string why_no_region(Refusal refusal, const std::string& place);

}  // namespace qvm::regions
