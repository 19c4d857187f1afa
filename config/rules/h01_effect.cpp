// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>

#include "config/rules/finding.h"
#include "config/rules/repeated_finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kEffect;

namespace {

// Or makes the VM impossible to start, which rule A23 tells.
bool has_full_effect(const ParsedOption& item) {
  for (std::size_t i = 0; i < item.arguments.size(); ++i) {
    const SpecialValue* special = item.spec->arguments[i].special_value(item.arguments[i].text);
    if (special != nullptr && (special->exact || !special->unsupported.empty())) return true;
  }
  return false;
}

class CheckerH01 {
 public:
  CheckerH01(const CheckedVm& vm, const TableSet& tables) : x_vm(vm), x_tables(tables) {}

  void run(DiagnosticSink& sink) {
    for (const ParsedOption& item : x_vm.tree.items) check_item(item);
    x_found.finish(sink);
  }

 private:
  void check_item(const ParsedOption& item) {
    const Context& context = x_vm.tree.contexts[item.context];
    // Of what cannot run at all rule A23 tells.
    if (!context.table->runs() || has_full_effect(item)) return;
    if (item.spec->name == "set" && item.complete()) {
      check_variable(item);
      return;
    }
    if (item.spec->effect_note.empty()) return;
    const std::string of = item.context == 0 ? "" : " of " + context.label;
    report(*item.spec, fmt::format("'{}'{}", item.spec->name, of), item.word.where);
  }

  void check_variable(const ParsedOption& item) {
    const Word& name = item.arguments.front();
    const Context& within = x_vm.tree.contexts[item.within];
    const OptionSpec* variable = within.table->find_variable(name.text);
    if (variable != nullptr && !within.table->runs()) return;
    if (variable == nullptr) variable = x_tables.vm().find_variable(name.text);
    if (variable != nullptr) report(*variable, fmt::format("'set {}'", name.text), name.where);
  }

  void report(const OptionSpec& spec, const std::string& what, const SourceRange& where) {
    if (spec.effect == "none") {
      x_found.add(what, finding(kEffect, where,
                                fmt::format("{} has no effect on this host: {}", what, spec.effect_note)));
    } else if (spec.effect == "approximated") {
      x_found.add(what, finding(kEffect, where,
                                fmt::format("{} is approximated on this host: {}", what, spec.effect_note)));
    }
  }

  const CheckedVm& x_vm;
  const TableSet& x_tables;
  RepeatedFindings x_found;
};

void check_h01(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) CheckerH01(vm, input.tables).run(sink);
}

}  // namespace

const Rule kEffect{.id = "H01",
                   .severity = Severity::info,
                   .title = "option with another effect on this host, or none",
                   .documentation =
                       "Some of QNX's options have no meaning on Linux with KVM, others only nearly the "
                       "same. They are understood "
                       "and checked; nothing is left out silently.",
                   .wrong = {"system left\nram 64M\ncpu partition guests sched 20\n"},
                   .right = {"system left\nram 64M\ncpu cluster _cpu-1\n"},
                   .check = check_h01,
                   .about_host = true};

}  // namespace qvm::config
