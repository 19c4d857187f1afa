// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Commands of the linter run inside the test, with their streams as texts.
#pragma once

#include <string>
#include <vector>

#include "tests/support/run_program.h"

namespace qvm::test {

// A file without findings, and one with an error.
inline constexpr const char* kGood = "system left\nram 64M\n";
inline constexpr const char* kWrong = "system wrong\nram 64M\nloq\n";

struct Outcome {
  int status = -1;
  std::string out;
  std::string err;
};

// qvm-lint and `qvm fmt` with these words.
Outcome run_lint(const std::vector<std::string>& words, const std::string& input = "");
Outcome run_format(const std::vector<std::string>& words, const std::string& input = "");

// The text of a file, "" if it cannot be read.
std::string read_file(const std::string& path);

// Whether a JSON text follows a schema of this tree.
ProgramResult check_schema(const std::string& schema_path, const std::string& json);

}  // namespace qvm::test
