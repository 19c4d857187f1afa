// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// `qvm fmt`: brings configurations into their canonical layout.
#pragma once

#include <iosfwd>

namespace qvm::lint {

// argv[0] is the name that help and messages call the program by. Formatted standard input, differences and
// the names of files that change go to out, everything else to err; in is what "-" is read from. Never
// throws. Returns an exit status of command_support.h.
int run_format(int argc, const char* const* argv, std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace qvm::lint
