// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The part of trouble that each architecture has its own devices for.
#pragma once

namespace trouble {

// Does what the word of `how=` asks for. False if it is none of the architecture's words.
bool of_machine(const char* how);

}  // namespace trouble
