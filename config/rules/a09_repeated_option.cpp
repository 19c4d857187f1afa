// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <map>
#include <tuple>
#include <utility>

#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kRepeatedOption;

namespace {

// A variable belongs to the context it was set in only if it is one of that context's.
std::size_t scope(const ParsedOption& item, const SyntaxTree& tree) {
  if (item.context != 0 || item.spec->name != "set") return item.context;
  return tree.contexts[item.within].table->find_variable(item.arguments.front().text) != nullptr ? item.within
                                                                                                 : 0;
}

std::string values(const ParsedOption& item, bool skip_first) {
  std::string text;
  for (std::size_t i = skip_first ? 1 : 0; i < item.arguments.size(); ++i) {
    text += (text.empty() ? "" : " ") + item.arguments[i].text;
  }
  return text;
}

void check_a09(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    std::map<std::tuple<std::size_t, std::string, std::string>, const ParsedOption*> last;
    for (const ParsedOption& item : vm.tree.items) {
      // `system` has a rule of its own.
      if (item.spec->repeatable || !item.complete() || item.spec->name == "system") continue;
      if (!item.spec->unsupported.empty() || item.arguments.empty()) continue;
      const std::string key = item.spec->keyed ? item.arguments.front().text : "";
      const auto [place, fresh] = last.try_emplace({scope(item, vm.tree), item.spec->name, key}, &item);
      if (fresh) continue;
      const ParsedOption& earlier = *std::exchange(place->second, &item);
      // A word of the command line or the manifest replaces the file's on purpose.
      if (item.word.on_command_line && !earlier.word.on_command_line) continue;
      const std::string what = item.spec->keyed ? item.spec->name + " " + key : item.spec->name;
      const Context& context = vm.tree.contexts[std::get<0>(place->first)];
      Diagnostic diagnostic = finding(kRepeatedOption, item.word.where,
                                      fmt::format("'{}' is given again for {}: '{}' is discarded", what,
                                                  context.label, values(earlier, item.spec->keyed)),
                                      "the last one counts; remove the other");
      diagnostic.notes.push_back(
          {span(earlier.word.where, earlier.arguments.back().where), "this one has no effect"});
      sink.add(std::move(diagnostic));
    }
  }
}

}  // namespace

const Rule kRepeatedOption{.id = "A09",
                           .severity = Severity::warning,
                           .title = "option given twice, the earlier one has no effect",
                           .documentation =
                               "Of an option that cannot repeat, the last one in its context counts. Options "
                               "of the VM do not close a "
                               "context: 'cpu sched 8 ram 32m sched 6' gives one CPU with priority 6.",
                           .wrong = {"system left\nram 64M\ncpu sched 8 sched 6\n"},
                           .right = {"system left\nram 64M\ncpu sched 8 cpu sched 6\n"},
                           .check = check_a09};

}  // namespace qvm::config
