// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// `qvm lint` and `qvm fmt`, which are qvm-lint's.
#include <iostream>
#include <vector>

#include "qvm/cli/command.h"
#include "tools/lint/format_command.h"
#include "tools/lint/lint_command.h"

namespace qvm::cli {

namespace {

using WordCommand = int (*)(int, const char* const*, std::istream&, std::ostream&, std::ostream&);

int run_words(WordCommand command, const char* name, const Options& options) {
  std::vector<const char*> words = {name};
  for (const std::string& word : options.words) words.push_back(word.c_str());
  return command(static_cast<int>(words.size()), words.data(), std::cin, std::cout, std::cerr);
}

const Command kLint{
    .name = "lint",
    .help = "Check configurations, as qvm-lint does",
    .examples = "  qvm lint left.qvmconf right.qvmconf\n",
    .run_alone = [](const Options& options) { return run_words(lint::run_lint, "qvm lint", options); }};

const Command kFmt{
    .name = "fmt",
    .help = "Bring configurations into their canonical layout",
    .examples = "  qvm fmt left.qvmconf right.qvmconf\n  qvm fmt --check machines/\n",
    .run_alone = [](const Options& options) { return run_words(lint::run_format, "qvm fmt", options); }};

}  // namespace

}  // namespace qvm::cli
