// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The rules on names and modes: who may attach to what. Pure functions.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "qvm/base/result.h"
#include "qvm/regions/model/policy.h"

namespace qvm::regions {

// Who asks: a VM's process or a host program.
struct Identity {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  // supplementary

  bool operator==(const Identity&) const = default;
};

// What is_legal_region_name() asks for.
inline constexpr const char* kRegionNameForm =
    "1 to 31 printable ASCII characters other than '/', and not '.' or '..'";
bool is_legal_region_name(std::string_view name);

// Whether a pattern of allow or deny, as of fnmatch(3), fits a name.
bool pattern_fits(const std::string& pattern, const std::string& name);

// The first of rules, `allow` and `pattern` each, that fits; nullptr: none does.
template <class Rule>
const Rule* matching_rule(const std::vector<Rule>& rules, const std::string& name) {
  const auto found = std::find_if(rules.begin(), rules.end(),
                                  [&](const Rule& rule) { return pattern_fits(rule.pattern, name); });
  return found == rules.end() ? nullptr : &*found;
}

// Whether a name may be used that no rule fits: without rules; else if the last one is not an allow.
template <class Rule>
bool allows_others(const std::vector<Rule>& rules) {
  return rules.empty() || !rules.back().allow;
}

struct NameDecision {
  bool allowed = true;
  const NameRule* rule = nullptr;  // the rule that matched; null: the implicit tail
};

// First match decides; no rules allow everything; otherwise the tail is the opposite of the last rule.
NameDecision judge_name(const std::vector<NameRule>& rules, const std::string& name);

// The first substitution that fits the name; null: none does.
const Substitution* applied_substitution(const std::vector<Substitution>& substitutions,
                                         std::string_view name);

// The host-wide name of what a guest calls name: the first substitution that fits is applied, no other.
std::string substitute(const std::vector<Substitution>& substitutions, std::string name);

// Whom of a region's mode somebody counts as: the first of these that fits.
enum class ModeClass { owner, group, others };
ModeClass class_of(const Identity& who, uid_t owner, gid_t group);

enum class Right { none, read_only, read_write };

// POSIX style: the bits of the class decide, for uid 0 as for anybody else. Write
// permission without read permission is none.
Right judge_mode(const Identity& who, std::uint32_t mode, uid_t owner, gid_t group);

// "0640"
std::string octal_mode(std::uint32_t mode);

}  // namespace qvm::regions
