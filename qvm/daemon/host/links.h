// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Links between network interfaces of VMs. A link is a pair of connected datagram sockets without a name: one
// end is in the one VM's process, the other in the other's, nobody else has any, and no daemon takes part in
// what is sent. An end whose other end is closed loses what is sent, as a cable does that leads nowhere.
#pragma once

#include <string>
#include <vector>

#include "qvm/base/result.h"
#include "qvm/base/unique_fd.h"
#include "qvm/host/hypervisor.h"
#include "qvm/plan/vm_plan.h"

namespace qvm::daemon {

// The end of a link for one network interface of a VM.
struct PluggedEnd {
  plan::NetworkInterface interface;
  UniqueFd fd;
};

// The interface of other that network, which is vm's, has as its peer and whose peer it is. nullptr: none.
const plan::NetworkInterface* linked_interface(const plan::VmPlan& vm, const plan::NetworkInterface& network,
                                               const plan::VmPlan& other);

// Connects each interface of a domain to the end for it, in place of what it is connected to. The domain has
// its own copies of the ends afterwards. What state earlier calls have left, even such that were cut short,
// does not matter.
Result<void> plug_in(host::Hypervisor& hypervisor, const std::string& domain,
                     const std::vector<PluggedEnd>& ends);

}  // namespace qvm::daemon
