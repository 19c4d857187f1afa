// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>

#include "config/language/key_value.h"
#include "config/language/numbers.h"
#include "config/language/parser.h"
#include "config/language/suggest.h"
#include "config/rules/finding.h"
#include "config/rules/rule.h"
#include "config/rules/told_elsewhere.h"

namespace qvm::config {

extern const Rule kUnknownWord;

namespace {

// A file that is no configuration at all must not bury its first findings.
constexpr std::size_t kMostWords = 50;

std::string in(const Context& context) {
  return context.kind == Context::Kind::vm ? "" : " in " + context.label;
}

// The next few options that would be understood, for a word that resembles none of them.
std::string known_options(const Context& context) {
  std::string list;
  for (const OptionSpec& option : context.table->options) {
    if (option.unsupported.empty()) list += (list.empty() ? "" : ", ") + option.name;
  }
  return fmt::format("options of {} are {}", context.label, list);
}

// "loc" outside of a vdev; empty if no context knows the word.
std::string where_it_belongs(std::string_view word, const TableSet& tables) {
  for (const char* context : {"cpu", "reserve"}) {
    if (tables.context(context).find(word) != nullptr && tables.common().find(word) == nullptr) {
      return fmt::format("'{}' is an option of {}: write it after one", word, context);
    }
  }
  if (tables.common().find(word) != nullptr)
    return fmt::format("'{}' is an option of a vdev: write it after one", word);
  for (const std::string_view type : tables.vdev_names()) {
    if (tables.vdev(type)->find(word) != nullptr)
      return fmt::format("'{}' is an option of vdev '{}'", word, type);
  }
  return {};
}

Diagnostic describe(const UnknownWord& unknown, const CheckedVm& vm, const TableSet& tables) {
  const Context& context = vm.tree.contexts[unknown.within];
  const std::string& word = unknown.word.text;
  Diagnostic diagnostic =
      finding(kUnknownWord, unknown.word.where, fmt::format("unknown option '{}'{}", word, in(context)));
  if (const ParsedOption* before = continued_by(unknown, vm.tree)) {
    diagnostic.help = fmt::format("lists are written without blanks: '{}{}'", written(*before), word);
    const SourceRange& last = before->arguments.back().where;
    diagnostic.fix = Fix{{last.source, last.end, unknown.word.where.begin}, ""};
    return diagnostic;
  }
  if (const auto near = suggest_option(word, {context.table, &tables.vm()})) {
    diagnostic.help = fmt::format("did you mean '{}'?", near->name);
    diagnostic.fix = Fix{unknown.word.where, std::string(near->name)};
    return diagnostic;
  }
  diagnostic.help = where_it_belongs(word, tables);
  if (diagnostic.help.empty()) diagnostic.help = known_options(context);
  return diagnostic;
}

void check_words(const CheckedVm& vm, const TableSet& tables, DiagnosticSink& sink) {
  std::size_t count = 0;
  for (const UnknownWord& unknown : vm.tree.unknown) {
    if (unknown.lone_blob || unknown.word.unresolved) continue;
    if (split_key_value(unknown.word.text) || counts_cpus(unknown, vm.tree)) continue;
    if (passes_without_loc(unknown, vm.tree)) continue;
    if (++count > kMostWords) {
      sink.add(finding(kUnknownWord, unknown.word.where,
                       fmt::format("more than {} unknown options", kMostWords),
                       "is this a VM configuration? further unknown options are not listed"));
      return;
    }
    sink.add(describe(unknown, vm, tables));
  }
}

void check_vdev_type(const ParsedOption& item, const Context& context, const TableSet& tables,
                     DiagnosticSink& sink) {
  if (context.kind != Context::Kind::unknown_vdev || item.arguments.empty()) return;
  const Word& word = item.arguments.front();
  if (!long_device_name(vdev_type(word.text), tables).empty()) return;
  const std::vector<std::string_view> names = tables.vdev_names();
  Diagnostic diagnostic = finding(kUnknownWord, word.where, fmt::format("unknown vdev type '{}'", word.text));
  diagnostic.severity = Severity::warning;
  if (const auto near = suggest(word.text, names)) {
    diagnostic.help = fmt::format("did you mean '{}'?", near->name);
    diagnostic.fix = Fix{word.where, std::string(near->name)};
  } else {
    diagnostic.help =
        "a vdev of your own needs its option table in the plugin directory; without it the VM cannot start";
  }
  sink.add(std::move(diagnostic));
}

void check_variable(const ParsedOption& item, const Context& within, const TableSet& tables,
                    DiagnosticSink& sink) {
  const Word& name = item.arguments.front();
  if (name.unresolved || within.table->find_variable(name.text) || tables.vm().find_variable(name.text))
    return;
  std::vector<std::string_view> names;
  for (const OptionTable* table : {within.table, &tables.vm()}) {
    for (const OptionSpec& variable : table->variables) names.push_back(variable.name);
  }
  Diagnostic diagnostic =
      finding(kUnknownWord, name.where, fmt::format("unknown variable '{}'{}", name.text, in(within)));
  diagnostic.severity = Severity::warning;
  diagnostic.help = "it is left out";
  if (const auto near = suggest(name.text, names)) {
    diagnostic.help = fmt::format("did you mean '{}'?", near->name);
    diagnostic.fix = Fix{name.where, std::string(near->name)};
  } else if (tables.common().find_variable(name.text) != nullptr) {
    diagnostic.help = "it is a variable of vdevs: write it after one";
  }
  sink.add(std::move(diagnostic));
}

void check_a01(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    check_words(vm, input.tables, sink);
    for (const Context& context : vm.tree.contexts) {
      if (context.opener != SIZE_MAX)
        check_vdev_type(vm.tree.items[context.opener], context, input.tables, sink);
    }
    for (const ParsedOption& item : vm.tree.items) {
      if (item.misspelled) {
        const Context& context = vm.tree.contexts[item.within];
        Diagnostic diagnostic = finding(
            kUnknownWord, item.word.where,
            fmt::format("unknown option '{}'{}", item.word.text, item.context == 0 ? "" : in(context)),
            fmt::format("did you mean '{}'?", item.spec->name));
        diagnostic.fix = Fix{item.word.where, item.spec->name};
        sink.add(std::move(diagnostic));
      }
      if (item.spec->name == "set" && item.context == 0 && item.complete()) {
        check_variable(item, vm.tree.contexts[item.within], input.tables, sink);
      }
    }
  }
}

}  // namespace

const Rule kUnknownWord{
    .id = "A01",
    .severity = Severity::error,
    .title = "unknown option, vdev type or variable",
    .documentation =
        "Every word is an option of the context that is open (the last cpu, vdev, reserve or pass), an "
        "option of the "
        "VM, or the argument of the option before it. Anything else cannot be understood. Unknown vdev types "
        "and "
        "variables are warnings: vdevs can be written by anybody, and QNX's list of variables differs from "
        "version to "
        "version.",
    .wrong = {"system left\nram 64M\nvdev shmem loq 0x1c050000 intr ioapic:5\n"},
    .right = {"system left\nram 64M\nvdev ioapic loc 0xf8000000\nvdev shmem loc 0x1c050000 intr ioapic:5\n"},
    .check = check_a01};

}  // namespace qvm::config
