// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>

#include "config/language/numbers.h"
#include "config/rules/finding.h"
#include "config/rules/repeated_finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kDecision;

namespace {

constexpr std::string_view kDocument = "docs/decisions-qvmconf.md lists what was decided where QNX is silent";

class CheckerH03 {
 public:
  CheckerH03(const CheckedVm& vm, const RuleInput& input) : x_vm(vm), x_input(input) {}

  void run(DiagnosticSink& sink) {
    for (const ParsedOption& item : x_vm.tree.items) {
      check_text(item.word, false);
      for (const Word& argument : item.arguments) check_text(argument, item.spec->prose);
      if (item.spec->name == "load" && item.complete()) check_load(item.arguments.front());
      check_assumed(item);
    }
    for (const UnknownWord& unknown : x_vm.tree.unknown) check_text(unknown.word, false);
    x_found.finish(sink);
  }

 private:
  void report(const std::string& key, const SourceRange& where, std::string message) {
    x_found.add(key, finding(kDecision, where, std::move(message), std::string(kDocument)));
  }

  // How the bytes of a word were understood. prose: a line end in it is usual and documented.
  void check_text(const Word& word, bool prose) {
    if (word.on_command_line || !word.where.valid()) return;
    const std::string_view text =
        x_input.sources.text(word.where.source).substr(word.where.begin, word.where.end - word.where.begin);
    if (text.find_first_of("\\'\n") == std::string_view::npos) return;
    const auto at = [&](std::size_t begin, std::size_t length) {
      const auto from = word.where.begin + static_cast<std::uint32_t>(begin);
      return SourceRange{word.where.source, from, from + static_cast<std::uint32_t>(length)};
    };
    if (text.front() == '\'')
      report("single", at(0, 1),
             "a single quote is an ordinary character: only double quotes keep words together");
    bool joined = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char next = i + 1 < text.size() ? text[i + 1] : '\0';
      if (text[i] == '\n' && !joined && !prose)
        report("line", at(i, 1), "a line end in a string stands for one blank");
      joined = false;
      if (text[i] != '\\') continue;
      if (next == '\n' || next == '\r') {
        report("join", at(i, 1), "a backslash at the end of a line joins it with the next, without a blank");
        if (next == '\r') ++i;
        joined = true;
      } else if (next == '"') {
        report("quote", at(i, 2), "a backslash before a quote makes the quote part of the string");
        ++i;
      } else {
        report("backslash", at(i, 1), "a backslash is an ordinary character here");
      }
    }
  }

  // What stands before the first comma of `load` is an address only if it looks like a number.
  void check_load(const Word& word) {
    const std::size_t comma = word.text.find(',');
    if (comma == std::string::npos || word.unresolved) return;
    const std::string_view first = std::string_view(word.text).substr(0, comma);
    if (!looks_like_number(first))
      report("load", word.where,
             fmt::format("'{}' is no address: all of '{}' is the file's name", first, word.text));
  }

  void check_assumed(const ParsedOption& item) {
    const Context& context = x_vm.tree.contexts[item.context];
    if (item.guessed && context.table->open_options) {
      report("guess " + context.label + " " + item.spec->name, item.word.where,
             fmt::format("'{}' is not among the known options of {}: it is taken to have {} argument",
                         item.word.text, context.label, item.spec->arguments.empty() ? "no" : "one"));
    } else if (!item.spec->assumed.empty() && item.spec->effect != "none") {
      report(
          "assumed " + item.spec->name, item.word.where,
          fmt::format("QNX's documentation of '{}' is not known: {}", item.spec->name, item.spec->assumed));
    }
    if (item.spec->name != "set" || !item.complete()) return;
    const std::string& name = item.arguments.front().text;
    const OptionSpec* variable = x_vm.tree.contexts[item.within].table->find_variable(name);
    if (variable == nullptr) variable = x_input.tables.vm().find_variable(name);
    if (variable == nullptr || variable->assumed.empty() || variable->effect == "none") return;
    report("assumed set " + name, item.arguments.front().where,
           fmt::format("QNX's documentation of '{}' is not known: {}", name, variable->assumed));
  }

  const CheckedVm& x_vm;
  const RuleInput& x_input;
  RepeatedFindings x_found;
};

void check_h03(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) CheckerH03(vm, input).run(sink);
}

}  // namespace

const Rule kDecision{.id = "H03",
                     .severity = Severity::info,
                     .title = "a point that QNX leaves open was decided here",
                     .documentation =
                         "QNX's documentation does not say everything about its language. What is decided "
                         "here where it is silent is "
                         "listed in docs/decisions-qvmconf.md; this rule, or one of those named there, tells "
                         "where such a decision "
                         "matters. QNX's own qvm may read it differently.",
                     .wrong = {"system left\nram 64M\ncmdline \"name=\\\"a b\\\"\"\n"},
                     .right = {"system left\nram 64M\ncmdline \"name=a\n    quiet\"\n"},
                     .check = check_h03,
                     .about_host = true};

}  // namespace qvm::config
