// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/model/options.h"
#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kTreeDump;

namespace {

void check_b11(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    const SetVariable* dump = find_variable(vm.model, "fdt-dump-file");
    if (dump == nullptr || vm.model.dryrun) continue;
    sink.add(finding(kTreeDump, dump->value.where,
                     fmt::format("'{}' is written again with every start of the VM", dump->value.text),
                     "leave it to a 'dryrun' that you add on the command line"));
  }
}

}  // namespace

const Rule kTreeDump{
    .id = "B11",
    .severity = Severity::info,
    .title = "device tree that is dumped with every start",
    .documentation =
        "fdt-dump-file is of use to look at the device tree once; together with dryrun nothing else "
        "happens.",
    .wrong = {"system left\nram 64M\nset fdt-dump-file /tmp/left.dtb\n"},
    .right = {"system left\nram 64M\nset fdt-dump-file /tmp/left.dtb\ndryrun\n"},
    .check = check_b11};

}  // namespace qvm::config
