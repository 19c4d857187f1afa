// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Memory that the machine lacks, and second places of the machine's own registers, in the guest's address
// space.
#pragma once

#include "qvm/base/result.h"
#include "vdevs/vmhost/machine_extras.h"
#include "vdevs/vmhost/qemu_api.h"

namespace qvm::vmhost {

// Adds what extras say for the life of the machine, after the machine is made and before its first reset, at
// which QEMU's loader fills memory. Proves each piece by QEMU's own accesses. Fails with the place in the
// configuration: the part is missing or in the kernel, or QEMU behaves otherwise than vmhost knows. QEMU's
// lock is held.
Result<void> add_extra_memory(const QemuApi& qemu, const MachineExtras& extras);

}  // namespace qvm::vmhost
