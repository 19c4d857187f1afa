// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kDeprecated;

namespace {

class CheckerA13 {
 public:
  CheckerA13(const CheckedVm& vm, const TableSet& tables, DiagnosticSink& sink)
      : x_vm(vm), x_tables(tables), x_sink(sink) {}

  void run() {
    for (const ParsedOption& item : x_vm.tree.items) {
      if (!item.misspelled) report(item.spec->deprecated, item.spec->name, item.word.where);
      for (std::size_t i = 0; i < item.arguments.size(); ++i) {
        const Word& word = item.arguments[i];
        const SpecialValue* special = item.spec->arguments[i].special_value(word.text);
        if (special != nullptr && !word.unresolved)
          report(special->deprecated, item.spec->name + " " + word.text, word.where);
      }
      if (item.spec->name == "set" && item.complete()) check_variable(item);
    }
  }

 private:
  void check_variable(const ParsedOption& item) {
    const Word& name = item.arguments.front();
    const OptionSpec* variable = x_vm.tree.contexts[item.within].table->find_variable(name.text);
    if (variable == nullptr) variable = x_tables.vm().find_variable(name.text);
    if (variable != nullptr) report(variable->deprecated, "set " + name.text, name.where);
  }

  void report(const std::optional<Deprecation>& deprecation, const std::string& what,
              const SourceRange& where) {
    if (!deprecation || x_tables.version() < deprecation->since) return;
    const std::string since = deprecation->since == kOldestQnxVersion
                                  ? ""
                                  : fmt::format(" since version {}", to_string(deprecation->since));
    Diagnostic diagnostic = finding(kDeprecated, where, fmt::format("'{}' is deprecated{}", what, since));
    if (!deprecation->instead.empty())
      diagnostic.help = fmt::format("write '{}' instead", deprecation->instead);
    if (!deprecation->note.empty())
      diagnostic.help += (diagnostic.help.empty() ? "" : ": ") + deprecation->note;
    if (deprecation->renaming) diagnostic.fix = Fix{where, deprecation->instead};
    x_sink.add(std::move(diagnostic));
  }

  const CheckedVm& x_vm;
  const TableSet& x_tables;
  DiagnosticSink& x_sink;
};

void check_a13(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) CheckerA13(vm, input.tables, sink).run();
}

}  // namespace

const Rule kDeprecated{
    .id = "A13",
    .severity = Severity::info,
    .title = "deprecated option or value",
    .documentation =
        "QNX has something else for it in the selected version (--qnx-version), or advises against it in "
        "all. "
        "It still has its effect.",
    .wrong = {"system left\nram 64M\nvdev ioapic loc 0xf8000000\nvdev hpet intrmap ioapic:2,ioapic:8\n"},
    .right = {"system left\nram 64M\nvdev ioapic loc 0xf8000000\nvdev hpet intr ioapic:2,ioapic:8\n"},
    .check = check_a13,
    .about_host = true};

}  // namespace qvm::config
