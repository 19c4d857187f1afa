// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <iostream>

#include "qvm/base/standard_streams.h"
#include "tools/lint/lint_command.h"

int main(int argc, char** argv) {
  qvm::begin_output();
  return qvm::lint::run_lint(argc, argv, std::cin, std::cout, std::cerr);
}
