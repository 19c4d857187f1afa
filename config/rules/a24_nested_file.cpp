// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kNestedFile;

namespace {

void check_a24(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    for (const Word& word : vm.tree.nested_files) {
      sink.add(finding(
          kNestedFile, word.where, fmt::format("'{}' inside a file: QNX's qvm may not read it", word.text),
          fmt::format("name the files one after the other on the command line: qvm @FILE {}", word.text)));
    }
  }
}

}  // namespace

const Rule kNestedFile{.id = "A24",
                       .severity = Severity::warning,
                       .title = "'@file' inside a file",
                       .documentation =
                           "'@file' is documented for qvm's command line only. It is read here all the same, "
                           "as if its words stood in its "
                           "place; like any file it ends the context that was open.",
                       .wrong = {"system left\nram 64M\n@more.qvmconf\n"},
                       .right = {"system left\nram 64M\nlogger error stderr\n"},
                       .check = check_a24};

}  // namespace qvm::config
