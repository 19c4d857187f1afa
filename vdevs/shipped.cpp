// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "vdevs/plan.h"

namespace qvm::vdevs {

const std::vector<const ShippedVdev*>& shipped_vdevs() {
  return Registered<ShippedVdev>::sorted_by(&ShippedVdev::type);
}

const ShippedVdev* find_shipped(std::string_view type) {
  return Registered<ShippedVdev>::find(&ShippedVdev::type, type);
}

void add_finding(config::DiagnosticSink& sink, config::Severity severity, std::string rule,
                 const config::SourceRange& where, std::string message, std::string help) {
  config::Diagnostic finding;
  finding.severity = severity;
  finding.rule = std::move(rule);
  finding.where = where;
  finding.message = std::move(message);
  finding.help = std::move(help);
  sink.add(std::move(finding));
}

}  // namespace qvm::vdevs
