// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Command lines that make no sense, and what was probably meant.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace qvm::lint {

// One sentence about the error of app.parse(): an option that does not exist is named, with the one that was
// probably meant.
std::string describe_parse_error(const CLI::App& app, const CLI::ParseError& error);

// "no command 'strat': did you mean 'start'?", or with the list of commands.
std::string describe_unknown_command(std::string_view word, const std::vector<std::string_view>& commands);

}  // namespace qvm::lint
