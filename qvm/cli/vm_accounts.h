// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Numbers of users that exist for one VM each: whom a VM runs as that nobody gave an account, when qvm runs
// as root.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "qvm/base/result.h"

namespace qvm::cli {

// Both ends belong to it. By default a part of what no distribution gives to accounts, containers or identity
// mapping.
struct UidRange {
  std::uint32_t first = 0x78000000;
  std::uint32_t last = 0x7bffffff;
};

// "FIRST-LAST" as in QVM_VM_UIDS. Fails with what is allowed instead.
Result<UidRange> parse_uid_range(std::string_view text);

// True if all of the range are users, or groups, of this host: a container may have few. map: of
// /proc/self/uid_map or gid_map.
bool is_mapped(const UidRange& range, std::string_view map);

// The users and groups that this process can give to others, as in /proc/self.
struct IdMaps {
  std::string users{};
  std::string groups{};

  static IdMaps of_this_process();
  bool has(const UidRange& range) const { return is_mapped(range, users) && is_mapped(range, groups); }
  bool has_user(std::uint32_t uid) const { return is_mapped({uid, uid}, users); }
  bool has_group(std::uint32_t gid) const { return is_mapped({gid, gid}, groups); }
};

// The same for the same arguments, always; different for different ones, but for a chance of one in the size
// of the range.
uid_t uid_for(const UidRange& range, std::string_view runtime_directory, std::string_view vm);

}  // namespace qvm::cli
