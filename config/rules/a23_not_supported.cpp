// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/rules/catalog.h"
#include "config/rules/finding.h"

namespace qvm::config {
namespace {

void check(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    for (const ParsedOption& item : vm.tree.items) {
      if (item.spec->unsupported.empty()) continue;
      sink.add(finding(kNotSupported, item.word.where,
                       fmt::format("'{}' is not supported yet", item.word.text), item.spec->unsupported));
    }
    for (const Context& context : vm.tree.contexts) {
      if (context.opener == SIZE_MAX || context.table->unsupported.empty()) continue;
      const ParsedOption& item = vm.tree.items[context.opener];
      sink.add(finding(kNotSupported, item.arguments.front().where,
                       fmt::format("vdev '{}' is not supported yet", context.table->name),
                       context.table->unsupported));
    }
  }
}

}  // namespace

const Rule kNotSupported{.id = "A23",
                         .severity = Severity::error,
                         .title = "part of the language that this version cannot do",
                         .documentation =
                             "The word is a proper one of QNX's language, but this version has nothing that "
                             "would stand for it, and leaving "
                             "it out silently could let the guest fail in ways that are hard to find.",
                         .wrong = {"system left\nram 64M\npass loc 0xfe000000,0x1000,rw\n"},
                         .right = {"system left\nram 64M\n"},
                         .check = check};

}  // namespace qvm::config
