// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/model/options.h"
#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kIgnoredFaults;

namespace {

void check_g03(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    for (const Option& option : vm.model.options) {
      if (option.name != "unsupported" || option.arguments.size() < 2) continue;
      const std::string& type = option.arguments[0].text;
      // References are ignored anyway.
      if (option.arguments[1].text != "ignore" || (type != "register" && type != "instruction")) continue;
      sink.add(finding(kIgnoredFaults, option.arguments[1].where,
                       fmt::format("the guest is not told when it uses an unknown {}", type),
                       "write 'fail' or 'abort' while you look for a fault"));
    }
  }
}

}  // namespace

const Rule kIgnoredFaults{.id = "G03",
                          .severity = Severity::info,
                          .title = "faults of the guest that are ignored",
                          .documentation =
                              "With 'unsupported register ignore' or 'instruction ignore', what the machine "
                              "does not know has no effect: the "
                              "guest goes on with wrong values.",
                          .wrong = {"system left\nram 64M\nunsupported register ignore\n"},
                          .right = {"system left\nram 64M\nunsupported register fail\n"},
                          .check = check_g03};

}  // namespace qvm::config
