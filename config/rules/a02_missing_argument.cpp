// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kMissingArgument;

namespace {

void check_a02(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    for (const UnknownWord& unknown : vm.tree.unknown) {
      if (!unknown.lone_blob) continue;
      sink.add(finding(kMissingArgument, unknown.word.where,
                       fmt::format("'{}' must be followed by 'load'", unknown.word.text),
                       fmt::format("write '{} load {}'", unknown.word.text,
                                   unknown.rest.empty() ? "FILE" : unknown.rest.front().text)));
    }
    for (const ParsedOption& item : vm.tree.items) {
      if (item.complete()) continue;
      const ArgumentSpec& missing = item.spec->arguments[item.arguments.size()];
      Diagnostic diagnostic = finding(kMissingArgument, item.word.where,
                                      fmt::format("'{}' lacks its argument {}", item.word.text, missing.name),
                                      fmt::format("write '{}'", item.spec->usage()));
      if (item.instead) {
        diagnostic.notes.push_back(
            {item.instead->where, fmt::format("'{}' begins the next option", item.instead->text)});
      } else {
        diagnostic.help += "; an argument does not come from the next file or the command line";
      }
      sink.add(std::move(diagnostic));
    }
  }
}

}  // namespace

const Rule kMissingArgument{.id = "A02",
                            .severity = Severity::error,
                            .title = "option without its argument",
                            .documentation =
                                "An option and its arguments stand in the same file. An argument is missing "
                                "if the file ends, or if the next "
                                "word is an option where the argument cannot be that word.",
                            .wrong = {"system left\nram\ncpu sched 10\n"},
                            .right = {"system left\nram 64M\ncpu sched 10\n"},
                            .check = check_a02};

}  // namespace qvm::config
