// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// All further processors of the device tree.
#pragma once

namespace guest {

// Starts the further processor 1, 2, ... (up to 7), in the order of the device tree, this one left out, which
// runs `work` with interrupts off and then halts. False if there is none or it did not come up within a
// second. Each at most once, one after the other.
bool start_processor(unsigned number, void (*work)());

}  // namespace guest
