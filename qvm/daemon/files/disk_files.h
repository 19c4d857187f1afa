// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The host's side of a VM's disks: found out, checked and opened before its process starts.
#pragma once

#include <functional>
#include <optional>
#include <pugixml.hpp>
#include <string>
#include <vector>

#include "qvm/base/result.h"
#include "qvm/daemon/files/file_access.h"
#include "qvm/host/hypervisor.h"
#include "qvm/plan/vm_plan.h"

namespace qvm::daemon {

// Opens the VM's disks as we do, and says in the domain what they are. The process of another user (who) gets
// the descriptors of files, and needs no right to the files themselves; a block device it opens itself. Fails
// with the place in the configuration, the path and what to do if there is no such file, it may not be read
// or written, or another program uses it as a disk in a way that cannot be shared. note is told of a file
// system that cannot do direct I/O: its disk goes through the host's cache.
Result<std::vector<host::PassedFile>> open_disks(const std::vector<plan::Disk>& disks,
                                                 const std::optional<VmUser>& who, pugi::xml_node domain,
                                                 const std::function<void(const std::string&)>& note);

}  // namespace qvm::daemon
