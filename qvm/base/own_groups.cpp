// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/base/own_groups.h"

#include <unistd.h>

#include <algorithm>

namespace qvm {

Result<std::vector<gid_t>> own_groups() {
  std::vector<gid_t> groups(kMostGroups);
  const int count = ::getgroups(kMostGroups, groups.data());
  if (count < 0) return fail_errno("ask for the groups of this program");
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

bool is_member(gid_t group) {
  if (group == ::getegid()) return true;
  const auto groups = own_groups();
  return groups && std::find(groups->begin(), groups->end(), group) != groups->end();
}

}  // namespace qvm
