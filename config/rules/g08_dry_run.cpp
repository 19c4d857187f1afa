// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kDryRun;

namespace {

void check_g08(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    for (const ParsedOption& item : vm.tree.items) {
      if (item.context != 0 || item.spec->name != "dryrun" || item.word.on_command_line) continue;
      sink.add(finding(kDryRun, item.word.where, "the VM is set up but never runs",
                       "remove it, and add 'dryrun' on the command line when you need it"));
    }
  }
}

}  // namespace

const Rule kDryRun{
    .id = "G08",
    .severity = Severity::info,
    .title = "dryrun in a file",
    .documentation = "dryrun is for a look at what would happen; in a file it is easily forgotten.",
    .wrong = {"system left\nram 64M\ndryrun\n"},
    .right = {"system left\nram 64M\n"},
    .check = check_g08};

}  // namespace qvm::config
