// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/language/file_words.h"
#include "config/model/options.h"
#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kDumpPlace;

namespace {

void check_g09(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    const Argument* dump = find_argument(vm.model.options, "dump");
    if (dump == nullptr || dump->text.empty() || dump->text.front() == '|') continue;
    const auto facts = input.reader.facts(path_from(vm.directory, dump->text));
    if (facts && !facts->directory) {
      sink.add(finding(kDumpPlace, dump->where, fmt::format("'{}' is not a directory", dump->text),
                       "dump takes a directory, or \"|COMMAND\""));
    }
  }
}

}  // namespace

const Rule kDumpPlace{.id = "G09",
                      .severity = Severity::warning,
                      .title = "dump to something else than a directory",
                      .documentation =
                          "dump names the directory that guest cores are written to, under names of their "
                          "own, or a command in quotes.",
                      .wrong = {"system left\nram 64M\ndump guest.bin\n"},
                      .right = {"system left\nram 64M\ndump shared\n"},
                      .check = check_g09};

}  // namespace qvm::config
