// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Where a plan names files, and how another name gets there.
#pragma once

#include <map>
#include <pugixml.hpp>
#include <string>
#include <vector>

namespace qvm::daemon {

// By path as the plan has it: the path that the VM's process is given instead.
using RenamedFiles = std::map<std::string, std::string>;

// In a domain: firmware, kernel, initrd, and the value of "file=" in QEMU's arguments. Only whole paths are
// replaced.
void rename_files(pugi::xml_node domain, const RenamedFiles& files);

// The objects that vmhost.json names, each once.
std::vector<std::string> vdev_objects(const std::string& vmhost_json);
// vmhost.json with other objects.
std::string rename_objects(const std::string& vmhost_json, const RenamedFiles& files);

}  // namespace qvm::daemon
