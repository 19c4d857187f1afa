// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/rules/finding.h"
#include "config/rules/passes.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kEarlyUnmask;

namespace {

void check_f05(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    for (const Pass& pass : passes_of(vm)) {
      for (const PassInterrupt& interrupt : pass.interrupts) {
        if (interrupt.flags.text.find('u') == std::string::npos) continue;
        sink.add(finding(kEarlyUnmask, interrupt.flags.where,
                         "the interrupt is unmasked before the guest has handled it",
                         "leave 'u' away unless it is edge-triggered on the host and for the guest"));
      }
    }
  }
}

}  // namespace

const Rule kEarlyUnmask{.id = "F05",
                        .severity = Severity::info,
                        .title = "interrupt that is unmasked early",
                        .documentation =
                            "With flag u the host unmasks a passed interrupt at once. If it is "
                            "level-triggered it comes again and again, and "
                            "the host does nothing else.",
                        .wrong = {"system left\nram 0x80000000,64M\nvdev gic\npass intr gic:144,u=144\n"},
                        .right = {"system left\nram 0x80000000,64M\nvdev gic\npass intr gic:144=144\n"},
                        .check = check_f05};

}  // namespace qvm::config
