// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/model/regions.h"

#include <algorithm>
#include <charconv>

#include "config/language/option_table.h"
#include "qvm/regions/model/access.h"

namespace qvm::config {

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
  std::vector<regions::Substitution> substitutions;
  for (const Option& option : vdev.options) {
    if (option.arguments.empty()) continue;
    const Argument& argument = option.arguments.front();
    if (option.name == "allow" || option.name == "deny") {
      access.rules.push_back({option.name == "allow", argument.text, argument.where});
    } else if (option.name == "subst") {
      // `subst [MATCH],PREFIX`
      const std::size_t comma = argument.text.find(',');
      if (comma != std::string::npos)
        substitutions.push_back({argument.text.substr(0, comma), argument.text.substr(comma + 1), {}});
    } else if (option.name == "create") {
      const auto* parts = std::get_if<std::vector<std::string>>(&argument.value);
      if (parts == nullptr) continue;
      RegionCreation creation{(*parts)[0], {}, 0, argument.where};
      std::from_chars((*parts)[1].data(), (*parts)[1].data() + (*parts)[1].size(), creation.bytes);
      access.creations.push_back(std::move(creation));
    }
  }
  for (RegionCreation& creation : access.creations)
    creation.host_name = regions::substitute(substitutions, creation.name);
  return access;
}

const AccessRule* RegionAccess::match(const std::string& name) const {
  return regions::matching_rule(rules, name);
}

bool RegionAccess::allows(const std::string& name) const {
  const AccessRule* rule = match(name);
  return rule != nullptr ? rule->allow : regions::allows_others(rules);
}

std::uint64_t round_to_pages(std::uint64_t bytes) {
  if (bytes > UINT64_MAX - (kRegionPage - 1)) return UINT64_MAX / kRegionPage * kRegionPage;
  return (bytes + (kRegionPage - 1)) / kRegionPage * kRegionPage;
}

}  // namespace qvm::config
