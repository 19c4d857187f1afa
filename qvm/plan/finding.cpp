// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/plan/finding.h"

#include <fmt/format.h>

namespace qvm::plan {

void report(config::DiagnosticSink& sink, config::Severity severity, std::string rule,
            const config::SourceRange& where, std::string message, std::string help) {
  config::Diagnostic finding;
  finding.severity = severity;
  finding.rule = std::move(rule);
  finding.where = where;
  finding.message = std::move(message);
  finding.help = std::move(help);
  sink.add(std::move(finding));
}

std::string describe_range(std::uint64_t start, std::uint64_t length) {
  return fmt::format("{:#x}..{:#x}", start, start + (length == 0 ? 0 : length - 1));
}

std::string describe_size(std::uint64_t bytes) {
  struct Unit {
    const char* name;
    unsigned shift;
  };
  for (const Unit& unit : {Unit{"GiB", 30}, Unit{"MiB", 20}, Unit{"KiB", 10}}) {
    const std::uint64_t one = std::uint64_t{1} << unit.shift;
    if (bytes >= one && bytes % one == 0) return fmt::format("{} {}", bytes / one, unit.name);
  }
  return fmt::format("{} byte{}", bytes, bytes == 1 ? "" : "s");
}

}  // namespace qvm::plan
