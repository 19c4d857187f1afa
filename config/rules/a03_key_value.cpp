// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/language/key_value.h"
#include "config/language/suggest.h"
#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kKeyValue;

namespace {

constexpr std::string_view kHelp = "options and arguments are separated by blanks, without names and '='";

// A word where an option should be.
void check_word(const Word& word, std::size_t within, const ParsedOption* before, const CheckedVm& vm,
                const TableSet& tables, DiagnosticSink& sink) {
  const auto pair = split_key_value(word.text);
  if (!pair || word.unresolved) return;
  Diagnostic diagnostic =
      finding(kKeyValue, word.where, fmt::format("'{}': there is no key=value notation", word.text));
  const OptionTable* table = vm.tree.contexts[within].table;
  std::string_view name;
  if (table->find(pair->key) != nullptr || tables.vm().find(pair->key) != nullptr) {
    name = pair->key;
  } else if (const auto near = suggest_option(pair->key, {table, &tables.vm(), &tables.common()});
             near && near->distance <= 1) {
    name = near->name;
  }
  if (!name.empty()) {
    const std::string better = fmt::format("{} {}", name, pair->value);
    diagnostic.help = fmt::format("write '{}'", better);
    if (!pair->value.empty()) diagnostic.fix = Fix{word.where, better};
  } else if (before != nullptr && !before->spec->arguments.empty()) {
    diagnostic.help = fmt::format("write '{}'; {}", before->spec->usage(), kHelp);
  } else {
    diagnostic.help = kHelp;
  }
  sink.add(std::move(diagnostic));
}

void check_arguments(const ParsedOption& item, DiagnosticSink& sink) {
  for (std::size_t i = 0; i < item.arguments.size(); ++i) {
    const ArgumentSpec& spec = item.spec->arguments[i];
    const Word& word = item.arguments[i];
    const bool may_have_it = may_contain_equals(spec.type) || word.unresolved;
    const auto better = may_have_it ? std::nullopt : without_keys(word.text);
    if (!better) continue;
    Diagnostic diagnostic =
        finding(kKeyValue, word.where, fmt::format("'{}': there is no key=value notation", word.text),
                fmt::format("write '{} {}'", item.spec->name, *better));
    diagnostic.fix = Fix{word.where, *better};
    sink.add(std::move(diagnostic));
  }
}

void check_a03(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    for (const UnknownWord& unknown : vm.tree.unknown) {
      if (unknown.lone_blob) continue;
      const ParsedOption* before =
          unknown.items_before == 0 ? nullptr : &vm.tree.items[unknown.items_before - 1];
      check_word(unknown.word, unknown.within, before, vm, input.tables, sink);
      for (const Word& word : unknown.rest) check_word(word, unknown.within, before, vm, input.tables, sink);
    }
    for (const ParsedOption& item : vm.tree.items) {
      if (item.guessed) check_word(item.word, item.within, nullptr, vm, input.tables, sink);
      check_arguments(item, sink);
    }
  }
}

}  // namespace

const Rule kKeyValue{.id = "A03",
                     .severity = Severity::error,
                     .title = "key=value notation",
                     .documentation =
                         "Configurations such as 'ram addr=0x0,size=512M' or 'interrupt=16' are wide-spread "
                         "on the Internet and have "
                         "never been valid. The language has options followed by their arguments: 'ram "
                         "0x0,512M', 'intr ioapic:16'.",
                     .wrong = {"system name=left\nram addr=0x0,size=64M\n"},
                     .right = {"system left\nram 0x0,64M\n"},
                     .check = check_a03};

}  // namespace qvm::config
