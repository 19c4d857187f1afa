// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Puts devices of the machine's own to the addresses and interrupts of a configuration: a board's devices are
// QEMU's models, wherever the board has them.
#pragma once

#include <vector>

#include "qvm/base/result.h"
#include "vdevs/vmhost/config.h"
#include "vdevs/vmhost/qemu_api.h"

namespace qvm::vmhost {

// The machine is made and does not run yet; QEMU's lock is held. A serial port that the machine has not is
// made. Fails naming the part that cannot be placed.
Result<void> place_parts(const QemuApi& qemu, const std::vector<PlacedPart>& parts);

}  // namespace qvm::vmhost
