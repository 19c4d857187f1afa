// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/text/diagnostic.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace qvm::config {

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::info:
      return "info";
    case Severity::warning:
      return "warning";
    case Severity::error:
      return "error";
  }
  return "error";
}

void DiagnosticSink::add(Diagnostic diagnostic) {
  if (diagnostic.severity == Severity::error) ++x_errors;
  x_all.push_back(std::move(diagnostic));
}

std::size_t DiagnosticSink::count(Severity severity) const {
  return static_cast<std::size_t>(std::count_if(
      x_all.begin(), x_all.end(), [severity](const Diagnostic& one) { return one.severity == severity; }));
}

void DiagnosticSink::sort() {
  std::stable_sort(x_all.begin(), x_all.end(), [](const Diagnostic& left, const Diagnostic& right) {
    return std::tie(left.where.source, left.where.begin, left.rule) <
           std::tie(right.where.source, right.where.begin, right.rule);
  });
}

}  // namespace qvm::config
