// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/language/numbers.h"
#include "config/rules/finding.h"
#include "config/rules/rule.h"
#include "config/rules/told_elsewhere.h"

namespace qvm::config {

extern const Rule kCpuCount;

namespace {

constexpr std::uint64_t kMostRewritten = 16;

void check_a17(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    for (const UnknownWord& unknown : vm.tree.unknown) {
      if (!counts_cpus(unknown, vm.tree)) continue;
      const ParsedOption& cpu = vm.tree.items[unknown.items_before - 1];
      const auto count = parse_number(unknown.word.text, NumberKind::plain);
      Diagnostic diagnostic =
          finding(kCpuCount, unknown.word.where,
                  fmt::format("'cpu' takes no count, '{}' has no meaning here", unknown.word.text),
                  "write 'cpu' once for each virtual CPU");
      if (count && count->value >= 1 && count->value <= kMostRewritten &&
          cpu.word.where.source == unknown.word.where.source) {
        std::string better = "cpu";
        for (std::uint64_t i = 1; i < count->value; ++i) better += " cpu";
        diagnostic.help += fmt::format(": '{}'", better);
        diagnostic.fix = Fix{span(cpu.word.where, unknown.word.where), better};
      }
      sink.add(std::move(diagnostic));
    }
  }
}

}  // namespace

bool counts_cpus(const UnknownWord& unknown, const SyntaxTree& tree) {
  if (unknown.items_before == 0 || !parse_number(unknown.word.text, NumberKind::plain)) return false;
  const ParsedOption& before = tree.items[unknown.items_before - 1];
  return before.spec->name == "cpu" && before.context == 0;
}

const Rule kCpuCount{
    .id = "A17",
    .severity = Severity::error,
    .title = "cpu with a count",
    .documentation =
        "cpu takes no argument: every 'cpu' is one virtual CPU. Two of them are 'cpu cpu', not 'cpu 2'.",
    .wrong = {"system left\nram 64M\ncpu 2\n"},
    .right = {"system left\nram 64M\ncpu cpu\n"},
    .check = check_a17};

}  // namespace qvm::config
