// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/rules/repeated_finding.h"

#include <fmt/format.h>

#include <utility>

namespace qvm::config {
namespace {

// More places than these are only counted.
constexpr std::size_t kMostFurtherPlaces = 3;

}  // namespace

void RepeatedFindings::add(const std::string& key, Diagnostic diagnostic) {
  const auto [place, fresh] = x_index.try_emplace(key, x_all.size());
  if (fresh) {
    x_all.push_back({std::move(diagnostic), 0});
    return;
  }
  One& one = x_all[place->second];
  if (++one.further <= kMostFurtherPlaces) one.diagnostic.notes.push_back({diagnostic.where, "here, too"});
}

void RepeatedFindings::finish(DiagnosticSink& sink) {
  for (One& one : x_all) {
    if (one.further > kMostFurtherPlaces) {
      const std::size_t more = one.further - kMostFurtherPlaces;
      one.diagnostic.notes.push_back({{}, fmt::format("and at {} more place{}", more, more == 1 ? "" : "s")});
    }
    sink.add(std::move(one.diagnostic));
  }
}

}  // namespace qvm::config
