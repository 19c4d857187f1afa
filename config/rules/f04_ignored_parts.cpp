// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/rules/finding.h"
#include "config/rules/passes.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kIgnoredParts;

namespace {

void check_parts_of(const PassRange& range, DiagnosticSink& sink) {
  const auto report = [&](const Piece& piece, const char* what, const char* help) {
    sink.add(finding(kIgnoredParts, piece.where, fmt::format("{} '{}' has no effect here", what, piece.text),
                     help));
  };
  if (range.space == Location::Space::io && range.host_piece)
    report(*range.host_piece, "host part", "I/O ports have the same numbers for guest and host");
  if (range.space != Location::Space::pci) return;
  if (range.length_piece) report(*range.length_piece, "length", "a PCI device says itself how much it needs");
  if (!range.flags.text.empty()) report(range.flags, "flags", "flags belong to memory and ports");
}

void check_f04(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    for (const Pass& pass : passes_of(vm)) {
      for (const PassRange& range : pass.ranges) check_parts_of(range, sink);
    }
  }
}

}  // namespace

const Rule kIgnoredParts{
    .id = "F04",
    .severity = Severity::warning,
    .title = "part of pass loc that is ignored",
    .documentation =
        "Ports cannot be moved, so they have no host part; a PCI device has neither length nor flags.",
    .wrong = {"system left\nram 64M\npass loc io:0x2f8,8=0x3f8\n"},
    .right = {"system left\nram 64M\npass loc io:0x2f8,8\n"},
    .check = check_f04};

}  // namespace qvm::config
