// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Command lines of the daemons and helpers, which people seldom write themselves: one manner, one status.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>

namespace qvm {

// Of a command line that makes no sense, as of qvm and qvm-lint.
inline constexpr int kExitUsage = 2;

// Reads the words of the program app, whose name is the program's. Returns the exit status if it is to end
// now: what was asked for was printed, or it was said what is wrong.
std::optional<int> read_command_line(CLI::App& app, int argc, const char* const* argv);

}  // namespace qvm
