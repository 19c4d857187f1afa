// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kUnquotedText;

namespace {

void check_a05(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    for (const ParsedOption& item : vm.tree.items) {
      if (item.stray.empty()) continue;
      const Word& argument = item.arguments.back();
      std::string text = argument.text;
      for (const Word& word : item.stray) text += " " + word.text;
      Diagnostic diagnostic = finding(
          kUnquotedText, span(argument.where, item.stray.back().where),
          fmt::format("'{}' takes one argument; '{}' is no option", item.word.text, item.stray.front().text),
          fmt::format("put the whole text into double quotes: {} \"{}\"", item.spec->name, text));
      const bool quotable = text.find('"') == std::string::npos && !argument.on_command_line;
      if (quotable) diagnostic.fix = Fix{diagnostic.where, "\"" + text + "\""};
      sink.add(std::move(diagnostic));
    }
  }
}

}  // namespace

const Rule kUnquotedText{.id = "A05",
                         .severity = Severity::error,
                         .title = "command line without quotes",
                         .documentation =
                             "cmdline takes a single argument. Without quotes only the first word would "
                             "reach the guest, and the others are "
                             "no options. Some documentation leaves the quotes away as a shorthand.",
                         .wrong = {"system left\nram 64M\ncmdline console=ttyS0 root=/dev/vda1\n"},
                         .right = {"system left\nram 64M\ncmdline \"console=ttyS0 root=/dev/vda1\"\n"},
                         .check = check_a05};

}  // namespace qvm::config
