// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tests/support/lint_run.h"

#include <fstream>
#include <sstream>

#include "tools/lint/format_command.h"
#include "tools/lint/lint_command.h"

namespace qvm::test {

namespace {

using Command = int (*)(int, const char* const*, std::istream&, std::ostream&, std::ostream&);

Outcome run(Command command, const char* name, const std::vector<std::string>& words,
            const std::string& input) {
  std::vector<const char*> argv{name};
  for (const std::string& word : words) argv.push_back(word.c_str());
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream err;
  Outcome result;
  result.status = command(static_cast<int>(argv.size()), argv.data(), in, out, err);
  result.out = out.str();
  result.err = err.str();
  return result;
}

}  // namespace

Outcome run_lint(const std::vector<std::string>& words, const std::string& input) {
  return run(lint::run_lint, "/usr/bin/qvm-lint", words, input);
}

Outcome run_format(const std::vector<std::string>& words, const std::string& input) {
  return run(lint::run_format, "qvm fmt", words, input);
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

ProgramResult check_schema(const std::string& schema_path, const std::string& json) {
  return run_program(
      {"python3", QVM_SOURCE_DIR "/tests/support/check_json.py", QVM_SOURCE_DIR "/" + schema_path}, json);
}

}  // namespace qvm::test
