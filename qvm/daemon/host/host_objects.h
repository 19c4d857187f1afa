// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// What a VM uses of the host by its name: bridges, tap devices, networks, devices, files. libvirt and QEMU
// know these names but not where they are written.
#pragma once

#include <functional>
#include <string>

#include "qvm/base/result.h"
#include "qvm/plan/vm_plan.h"

namespace qvm::daemon {

// Where to look for network devices: a directory for each, with attributes as files, and its number in the
// network of this process, 0 if it has none of that name.
struct NetworkDevices {
  std::string directory;
  std::function<unsigned(const std::string& name)> index;
};
NetworkDevices network_devices();  // the kernel's

// Fails if something of it is not there, is something else, or is for sure not for the VM: with where it is
// named, what was found and what to do. What only its use can tell is left to explain_host_object().
Result<void> check_host_objects(const plan::VmPlan& plan, const NetworkDevices& devices = network_devices());

// For a start that failed: puts where it is named before a message that has the name of one of them, and what
// to do behind it, if that is known. Other messages stay as they are.
Error explain_host_object(const plan::VmPlan& plan, Error error);

}  // namespace qvm::daemon
