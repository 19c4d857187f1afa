// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// qvm-lint, and `qvm lint`: tells what is wrong in configurations before anything runs.
#pragma once

#include <iosfwd>

#include "tools/lint/command_support.h"

namespace qvm::lint {

// argv[0] is the name that help and messages call the program by. Findings go to out, complaints about the
// command line and what --fix did to err; in is what the file "-" is read from. Never throws. Returns the
// exit status.
int run_lint(int argc, const char* const* argv, std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace qvm::lint
