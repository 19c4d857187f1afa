// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/regions/model/access.h"

#include <fnmatch.h>

#include <algorithm>
#include <cstdio>

#include "qvm/regions/wire/types.h"

namespace qvm::regions {

bool is_legal_region_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxNameBytes || name == "." || name == "..") return false;
  return std::all_of(name.begin(), name.end(), [](char c) { return c >= 0x20 && c <= 0x7e && c != '/'; });
}

bool pattern_fits(const std::string& pattern, const std::string& name) {
  return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
}

NameDecision judge_name(const std::vector<NameRule>& rules, const std::string& name) {
  if (const NameRule* rule = matching_rule(rules, name)) return {rule->allow, rule};
  return {allows_others(rules), nullptr};
}

const Substitution* applied_substitution(const std::vector<Substitution>& substitutions,
                                         std::string_view name) {
  const auto found = std::find_if(substitutions.begin(), substitutions.end(),
                                  [&](const Substitution& one) { return name.starts_with(one.match); });
  return found == substitutions.end() ? nullptr : &*found;
}

std::string substitute(const std::vector<Substitution>& substitutions, std::string name) {
  if (const Substitution* applied = applied_substitution(substitutions, name))
    name.replace(0, applied->match.size(), applied->prefix);
  return name;
}

ModeClass class_of(const Identity& who, uid_t owner, gid_t group) {
  if (who.uid == owner) return ModeClass::owner;
  const bool member =
      who.gid == group || std::find(who.groups.begin(), who.groups.end(), group) != who.groups.end();
  return member ? ModeClass::group : ModeClass::others;
}

Right judge_mode(const Identity& who, std::uint32_t mode, uid_t owner, gid_t group) {
  const ModeClass mine = class_of(who, owner, group);
  const unsigned shift = mine == ModeClass::owner ? 6 : mine == ModeClass::group ? 3 : 0;
  const std::uint32_t bits = (mode >> shift) & 07;
  if ((bits & 04) == 0) return Right::none;
  return (bits & 02) != 0 ? Right::read_write : Right::read_only;
}

std::string octal_mode(std::uint32_t mode) {
  char text[16];
  std::snprintf(text, sizeof text, "%04o", mode);
  return text;
}

}  // namespace qvm::regions
