// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// A second processor, for guests whose tests need one.
#pragma once

namespace guest {

// Starts the processor with APIC id 1, on aarch64 the first other one of the device tree, which runs `work`
// with interrupts off and then halts. False if it did not come up within a second (the machine has none). At
// most once.
bool start_second_processor(void (*work)());

}  // namespace guest
