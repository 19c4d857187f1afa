// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What the vdevs of a set say about named regions. What it means is decided where the region manager decides
// it: qvm/regions/model/access.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/model/vm_config.h"

namespace qvm::config {

struct AccessRule {
  bool allow = true;
  std::string pattern;
  SourceRange where;
};

struct RegionCreation {
  std::string name;       // as the guest names it
  std::string host_name;  // after substitution
  std::uint64_t bytes = 0;
  SourceRange where;
};

struct RegionAccess {
  std::vector<AccessRule> rules;
  std::vector<RegionCreation> creations;

  // The rule that decides about a name; nullptr: none matches.
  const AccessRule* match(const std::string& name) const;
  // The first match decides; without one the opposite of the last kind used; without any rule everything is
  // allowed.
  bool allows(const std::string& name) const;
};

// Whether the vdev gives its guest named regions: its table has an option that creates one.
bool has_regions(const Vdev& vdev);

// Empty for vdevs without regions.
RegionAccess region_access(const Vdev& vdev);

constexpr std::uint64_t kRegionPage = 4096;
// To whole pages; saturates.
std::uint64_t round_to_pages(std::uint64_t bytes);

}  // namespace qvm::config
