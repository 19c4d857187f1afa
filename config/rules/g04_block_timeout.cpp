// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/model/options.h"
#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kBlockTimeout;

namespace {

constexpr std::uint64_t kShortest = 5;
constexpr std::uint64_t kLongest = 10000;

void check_g04(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    for (const SetVariable& variable : vm.model.variables) {
      if (variable.name != "message-block-timeout" && variable.name != "vdev-message-block-timeout") continue;
      const auto* value = std::get_if<std::uint64_t>(&variable.value.value);
      // What is too long is outside of the range in the table.
      if (value == nullptr || *value == 0 || *value >= kShortest) continue;
      sink.add(finding(kBlockTimeout, variable.value.where, fmt::format("{} ms are too short", *value),
                       fmt::format("write {} to {}, or 0 for no limit", kShortest, kLongest)));
    }
  }
}

}  // namespace

const Rule kBlockTimeout{.id = "G04",
                         .severity = Severity::warning,
                         .title = "message timeout out of range",
                         .documentation = "message-block-timeout is 0 (no limit) or 5 to 10000 milliseconds.",
                         .wrong = {"system left\nram 64M\nset message-block-timeout 3\n"},
                         .right = {"system left\nram 64M\nset message-block-timeout 50\n"},
                         .check = check_g04};

}  // namespace qvm::config
