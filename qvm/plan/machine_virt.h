// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The machine `virt` of aarch64 (as QEMU 7.2 and later build it), used as a board whose devices are wherever
// a configuration wants them: what `virt` itself has below its RAM is announced to nobody and gives way.
#pragma once

#include "qvm/plan/vm_plan.h"
#include "vdevs/machine.h"

namespace qvm::plan {

// QEMU puts its own device tree, which nobody reads, at the start of the machine's RAM.
inline constexpr std::uint64_t kVirtOwnTree = 0x100000;

const vdevs::Machine& machine_virt(HostFacts::Acceleration acceleration);

}  // namespace qvm::plan
