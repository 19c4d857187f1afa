// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Files as another user sees them, and files made for another user.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "qvm/base/result.h"

namespace qvm::daemon {

// Whom a VM's process runs as; absent: as we do.
struct VmUser {
  uid_t uid = 0;
  gid_t gid = 0;
};

// Whether a process of that identity, with no supplementary group, can open path for reading.
bool readable_by(const std::optional<VmUser>& who, const std::string& path);

// The same for O_RDONLY, O_RDWR or O_PATH. We must be root.
bool openable_by(const VmUser& who, const std::string& path, int access);

// Replaces path by a file with text of mode 0640 (0600 if who is absent) that who's group can read and only
// we can write.
Result<void> write_for(const std::optional<VmUser>& who, const std::string& path, std::string_view text);
// As write_for(), with the content of source.
Result<void> copy_for(const std::optional<VmUser>& who, const std::string& source, const std::string& path);

// "user 'libvirt-qemu'" or "uid 1234".
std::string describe(uid_t uid);

}  // namespace qvm::daemon
