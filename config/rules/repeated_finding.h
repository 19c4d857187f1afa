// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Findings that would be the same many times over are one, with notes at the further places.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "config/text/diagnostic.h"

namespace qvm::config {

class RepeatedFindings {
 public:
  // What has the same key is the same finding; the first one decides what it says.
  void add(const std::string& key, Diagnostic diagnostic);
  // All of them, in the order of their first places.
  void finish(DiagnosticSink& sink);

 private:
  struct One {
    Diagnostic diagnostic;
    std::size_t further = 0;
  };
  std::map<std::string, std::size_t, std::less<>> x_index;
  std::vector<One> x_all;
};

}  // namespace qvm::config
