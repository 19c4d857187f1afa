// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Runs a helper program of a test: no shell, input on its standard input, both outputs collected.
#pragma once

#include <string>
#include <vector>

namespace qvm::test {

struct ProgramResult {
  int status = -1;     // exit status; -1: it could not be run or was killed
  std::string output;  // standard output and error, as they came
};

// words[0] is looked up in PATH.
ProgramResult run_program(const std::vector<std::string>& words, const std::string& input);
bool program_exists(const std::string& name);

}  // namespace qvm::test
