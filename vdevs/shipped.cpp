// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <algorithm>

#include "vdevs/plan.h"

namespace qvm::vdevs {

const std::vector<const ShippedVdev*>& shipped_vdevs() {
  static const std::vector<const ShippedVdev*> vdevs = [] {
    auto all = Registered<ShippedVdev>::all();
    std::sort(all.begin(), all.end(),
              [](const ShippedVdev* left, const ShippedVdev* right) { return left->type < right->type; });
    return all;
  }();
  return vdevs;
}

const ShippedVdev* find_shipped(std::string_view type) {
  const auto& vdevs = shipped_vdevs();
  const auto found =
      std::find_if(vdevs.begin(), vdevs.end(), [&](const ShippedVdev* vdev) { return vdev->type == type; });
  return found == vdevs.end() ? nullptr : *found;
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
