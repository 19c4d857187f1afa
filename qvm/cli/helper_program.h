// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Runs another program for its answer.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "qvm/base/result.h"

namespace qvm::cli {

struct HelperAnswer {
  int status = 0;        // 128 + N after signal N
  std::string output{};  // standard output and error, as they came; of more than 64 KiB the beginning
};

// words[0] is a path. input is its standard input, a few KiB at most. Fails if the program cannot be started,
// and if it has not ended in time: then it was killed.
Result<HelperAnswer> run_helper(const std::vector<std::string>& words, const std::string& input,
                                std::chrono::milliseconds patience);

// Where a program is found in PATH; empty: nowhere.
std::string find_program(const std::string& name);

}  // namespace qvm::cli
