// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kOldContext;

namespace {

// The blanks before a word that is the first of its line; nullopt if it is not.
std::optional<std::string_view> indentation(const SourceSet& sources, const SourceRange& where) {
  const std::uint32_t line = sources.position(where.source, where.begin).line;
  const std::uint32_t start = sources.line_start(where.source, line);
  const std::string_view before = sources.line(where.source, line).substr(0, where.begin - start);
  if (before.find_first_not_of(" \t") != std::string_view::npos) return std::nullopt;
  return before;
}

bool deeper(std::string_view inner, std::string_view outer) {
  return inner.size() > outer.size() && inner.starts_with(outer);
}

SourceRange start_of(const ParsedOption& item) {
  return item.blob ? item.blob->where : item.word.where;
}

void check_vm(const CheckedVm& vm, const SourceSet& sources, DiagnosticSink& sink) {
  // The option that the next lines seem to belong to, if it is one of the VM that opens nothing.
  const ParsedOption* leader = nullptr;
  std::string_view leader_indentation;
  for (const ParsedOption& item : vm.tree.items) {
    if (item.word.on_command_line) continue;
    const auto indented = indentation(sources, start_of(item));
    if (!indented) continue;
    if (item.context == 0) {
      leader = item.spec->opens_context ? nullptr : &item;
      leader_indentation = *indented;
      continue;
    }
    if (leader == nullptr || leader->within != item.context || !deeper(*indented, leader_indentation))
      continue;
    if (leader->word.where.source != item.word.where.source) continue;
    const Context& context = vm.tree.contexts[item.context];
    Diagnostic diagnostic =
        finding(kOldContext, item.word.where,
                fmt::format("'{}' belongs to {}, not to the '{}' that it is written under", item.word.text,
                            context.label, leader->word.text),
                "write it before the option of the VM, or indent it like that");
    diagnostic.notes.push_back({vm.tree.items[context.opener].word.where, "it is an option of this one"});
    diagnostic.notes.push_back({leader->word.where, "this option has no options of its own"});
    sink.add(std::move(diagnostic));
  }
}

void check_a10(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) check_vm(vm, input.sources, sink);
}

}  // namespace

const Rule kOldContext{.id = "A10",
                       .severity = Severity::warning,
                       .title = "option indented under another than it belongs to",
                       .documentation =
                           "Lines and indentation mean nothing to the language: an option of a cpu or vdev "
                           "belongs to the last one "
                           "opened, even if options of the VM such as ram stand in between.",
                       .wrong = {"system left\ncpu\nram 64M\n    sched 8\n"},
                       .right = {"system left\nram 64M\ncpu\n    sched 8\n"},
                       .check = check_a10};

}  // namespace qvm::config
