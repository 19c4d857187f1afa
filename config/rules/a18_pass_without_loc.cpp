// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/model/options.h"
#include "config/rules/finding.h"
#include "config/rules/rule.h"
#include "config/rules/told_elsewhere.h"

namespace qvm::config {

extern const Rule kPassWithoutLoc;

namespace {

void check_a18(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    for (const UnknownWord& unknown : vm.tree.unknown) {
      if (!passes_without_loc(unknown, vm.tree)) continue;
      const std::vector<Piece> parts = pieces_of(unknown.word, ',');
      Diagnostic diagnostic = finding(kPassWithoutLoc, unknown.word.where,
                                      fmt::format("'pass' has no 'loc' before '{}'", unknown.word.text),
                                      "write 'pass loc GUEST,LENGTH[,FLAGS][=HOST]'");
      const bool three_numbers = parts.size() == 3 && looks_like_number(parts[2].text);
      // GUEST,HOST,LENGTH: which is which is known, but who wrote it so should look at it.
      if (three_numbers) {
        diagnostic.help =
            fmt::format("write 'pass loc {},{},rw={}'", parts[0].text, parts[2].text, parts[1].text);
      } else {
        const SourceRange& where = unknown.word.where;
        diagnostic.fix = Fix{{where.source, where.begin, where.begin}, "loc "};
      }
      sink.add(std::move(diagnostic));
    }
  }
}

}  // namespace

bool passes_without_loc(const UnknownWord& unknown, const SyntaxTree& tree) {
  if (unknown.items_before == 0 || unknown.word.text.empty()) return false;
  const ParsedOption& before = tree.items[unknown.items_before - 1];
  if (before.spec->name != "pass" || before.context != 0) return false;
  const std::string& text = unknown.word.text;
  return text.starts_with("mem:") || text.starts_with("io:") || text.starts_with("pci:") ||
         looks_like_number(text.substr(0, text.find(',')));
}

const Rule kPassWithoutLoc{
    .id = "A18",
    .severity = Severity::error,
    .title = "pass with an address but without loc",
    .documentation =
        "pass opens a context; what is passed is said by its options loc and intr: 'pass loc "
        "0xfe000000,0x1000,rw'.",
    .wrong = {"system left\nram 64M\npass 0xfe000000,0x1000,rw\n"},
    .right = {"system left\nram 64M\npass loc 0xfe000000,0x1000,rw\n"},
    .check = check_a18};

}  // namespace qvm::config
