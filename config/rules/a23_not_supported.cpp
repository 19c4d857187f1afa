// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/language/exact_value.h"
#include "config/rules/finding.h"
#include "config/rules/repeated_finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kNotSupported;

namespace {

void report(const SourceRange& where, const std::string& what, const std::string& why,
            RepeatedFindings& found) {
  found.add(what,
            finding(kNotSupported, where,
                    fmt::format("{} is understood, but a VM that has it cannot be started here", what), why));
}

void check_values(const ParsedOption& item, RepeatedFindings& found) {
  for (std::size_t i = 0; i < item.arguments.size(); ++i) {
    const Word& word = item.arguments[i];
    const SpecialValue* special = item.spec->arguments[i].special_value(word.text);
    if (special == nullptr || special->unsupported.empty() || word.unresolved) continue;
    report(word.where, fmt::format("'{} {}'", item.spec->name, word.text), special->unsupported, found);
  }
}

void check_a23(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    RepeatedFindings found;
    for (const ParsedOption& item : vm.tree.items) {
      const std::string of = item.context == 0 ? "" : vm.tree.contexts[item.context].table->name + " ";
      if (!item.spec->unsupported.empty() && !has_exact_value(item))
        report(item.word.where, fmt::format("'{}{}'", of, item.spec->name), item.spec->unsupported, found);
      check_values(item, found);
    }
    for (const Context& context : vm.tree.contexts) {
      if (context.opener == SIZE_MAX || context.table->runs()) continue;
      const SourceRange& where = vm.tree.items[context.opener].arguments.front().where;
      const std::string what = fmt::format("vdev '{}'", context.table->name);
      if (!context.table->unsupported.empty()) {
        report(where, what, context.table->unsupported, found);
      } else {
        found.add(what, finding(kNotSupported, where,
                                fmt::format("{} is understood, but left out of the VM here", what),
                                context.table->left_out));
      }
    }
    found.finish(sink);
  }
}

}  // namespace

const Rule kNotSupported{
    .id = "A23",
    .severity = Severity::warning,
    .title = "part of the language that this build cannot run",
    .documentation =
        "The word is a proper one of QNX's language, but this build has nothing that would stand for it. The "
        "configuration is checked all the same. A few devices that guests can do without are left out of the "
        "VM; with everything else it is not started, because the guest could fail in ways that are hard to "
        "find. The help says what is possible instead.",
    .wrong = {"system left\nram 64M\npass loc 0xfe000000,0x1000,rw\n"},
    .right = {"system left\nram 64M\n"},
    .check = check_a23,
    .about_host = true};

}  // namespace qvm::config
