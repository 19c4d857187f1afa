// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/access.h"

#include <fnmatch.h>

#include <algorithm>

#include "qvm/regions/types.h"

namespace qvm::regions {

bool is_legal_region_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxNameBytes || name == "." || name == "..") return false;
  return std::all_of(name.begin(), name.end(), [](char c) { return c >= 0x20 && c <= 0x7e && c != '/'; });
}

NameDecision judge_name(const std::vector<NameRule>& rules, const std::string& name) {
  for (const NameRule& rule : rules) {
    if (::fnmatch(rule.pattern.c_str(), name.c_str(), 0) == 0) return {rule.allow, &rule};
  }
  return {rules.empty() || !rules.back().allow, nullptr};
}

std::string substitute(const std::vector<Substitution>& substitutions, std::string name) {
  for (const Substitution& substitution : substitutions) {
    if (!name.starts_with(substitution.match)) continue;
    name.replace(0, substitution.match.size(), substitution.prefix);
    break;
  }
  return name;
}

Right judge_mode(const Identity& who, std::uint32_t mode, uid_t owner, gid_t group) {
  unsigned shift = 0;
  if (who.uid == owner) {
    shift = 6;
  } else if (who.gid == group || std::find(who.groups.begin(), who.groups.end(), group) != who.groups.end()) {
    shift = 3;
  }
  const std::uint32_t bits = (mode >> shift) & 07;
  if ((bits & 04) == 0) return Right::none;
  return (bits & 02) != 0 ? Right::read_write : Right::read_only;
}

}  // namespace qvm::regions
