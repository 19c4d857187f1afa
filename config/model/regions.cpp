// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/model/regions.h"

#include <fnmatch.h>

#include <algorithm>
#include <charconv>

#include "config/language/option_table.h"

namespace qvm::config {
namespace {

constexpr std::size_t kLongestName = 31;

// `subst [match],prefix`: at most one applies, the first that fits.
std::string substituted(const std::string& name, const std::vector<std::string>& substitutions) {
  for (const std::string& one : substitutions) {
    const std::size_t comma = one.find(',');
    if (comma == std::string::npos) continue;
    const std::string_view match = std::string_view(one).substr(0, comma);
    if (name.starts_with(match)) return one.substr(comma + 1) + name.substr(match.size());
  }
  return name;
}

}  // namespace

bool has_regions(const Vdev& vdev) {
  if (vdev.table == nullptr) return false;
  const auto& options = vdev.table->options;
  return std::any_of(options.begin(), options.end(), [](const OptionSpec& option) {
    return option.arguments.size() == 1 && option.arguments.front().type == ArgumentType::region_create;
  });
}

RegionAccess region_access(const Vdev& vdev) {
  RegionAccess access;
  if (!has_regions(vdev)) return access;
  std::vector<std::string> substitutions;
  for (const Option& option : vdev.options) {
    if (option.arguments.empty()) continue;
    const Argument& argument = option.arguments.front();
    if (option.name == "allow" || option.name == "deny") {
      access.rules.push_back({option.name == "allow", argument.text, argument.where});
    } else if (option.name == "subst") {
      substitutions.push_back(argument.text);
    } else if (option.name == "create") {
      const auto* parts = std::get_if<std::vector<std::string>>(&argument.value);
      if (parts == nullptr) continue;
      RegionCreation creation{(*parts)[0], {}, 0, argument.where};
      std::from_chars((*parts)[1].data(), (*parts)[1].data() + (*parts)[1].size(), creation.bytes);
      access.creations.push_back(std::move(creation));
    }
  }
  for (RegionCreation& creation : access.creations)
    creation.host_name = substituted(creation.name, substitutions);
  return access;
}

const AccessRule* RegionAccess::match(const std::string& name) const {
  const auto found = std::find_if(rules.begin(), rules.end(), [&](const AccessRule& rule) {
    return ::fnmatch(rule.pattern.c_str(), name.c_str(), 0) == 0;
  });
  return found == rules.end() ? nullptr : &*found;
}

bool RegionAccess::allows(const std::string& name) const {
  if (const AccessRule* rule = match(name)) return rule->allow;
  return rules.empty() || !rules.back().allow;
}

bool is_region_name(std::string_view name) {
  if (name.empty() || name.size() > kLongestName || name == "." || name == "..") return false;
  return std::all_of(name.begin(), name.end(), [](char c) { return c >= ' ' && c < 0x7f && c != '/'; });
}

std::uint64_t round_to_pages(std::uint64_t bytes) {
  if (bytes > UINT64_MAX - (kRegionPage - 1)) return UINT64_MAX / kRegionPage * kRegionPage;
  return (bytes + (kRegionPage - 1)) / kRegionPage * kRegionPage;
}

}  // namespace qvm::config
