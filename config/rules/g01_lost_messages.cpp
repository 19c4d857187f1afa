// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "config/model/options.h"
#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kLostMessages;

namespace {

// What is worth knowing when a VM does not start.
constexpr std::array kImportant = {"fatal", "error", "warn"};

void check_g01(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    std::set<std::string> heard;
    const Option* first = nullptr;
    bool unclear = false;
    for (const Option& option : vm.model.options) {
      if (option.name != "logger" || option.arguments.size() < 2) continue;
      if (first == nullptr) first = &option;
      // What is misspelled (reported) would have been one of them.
      const auto* known = std::get_if<std::vector<std::string>>(&option.arguments.front().value);
      const std::size_t written_count = pieces_of(option.arguments.front(), ',').size();
      if (known == nullptr || known->size() != written_count) unclear = true;
      for (const Piece& filter : pieces_of(option.arguments.front(), ',')) heard.insert(filter.text);
    }
    if (first == nullptr || unclear) continue;
    std::string lost;
    for (const char* filter : kImportant) {
      if (!heard.contains(filter)) lost += fmt::format("{}'{}'", lost.empty() ? "" : " and ", filter);
    }
    if (lost.empty()) continue;
    sink.add(
        finding(kLostMessages, first->arguments.front().where,
                fmt::format("messages of {} are no longer printed", lost),
                "any logger replaces the default: add 'logger fatal,internal,error,warn,info stderr', too"));
  }
}

}  // namespace

const Rule kLostMessages{.id = "G01",
                         .severity = Severity::info,
                         .title = "logger that hides important messages",
                         .documentation =
                             "A filter stands for its own messages only, not for the more severe ones. The "
                             "first logger replaces the default "
                             "'fatal,internal,error,warn,info stderr'.",
                         .wrong = {"system left\nram 64M\nlogger error stderr\n"},
                         .right = {"system left\nram 64M\nlogger fatal,error,warn stderr\n"},
                         .check = check_g01};

}  // namespace qvm::config
