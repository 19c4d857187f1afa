// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The machine's serial console as an input; print() of print.h is the output.
#pragma once

#include "guests/baremetal/interrupts.h"

namespace guest {

// `handler` is called when there is something to read, and has to read all of it.
void connect_console(Handler handler);

// Next character that came in; -1 if there is none.
int read_console();

}  // namespace guest
