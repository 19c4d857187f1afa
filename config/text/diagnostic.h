// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Findings about a configuration: what, where, what else is involved, what to do.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/text/source.h"

namespace qvm::config {

// error: can never work as written; nothing of the set starts. warning: starts, told. info: told.
enum class Severity { info, warning, error };

std::string_view to_string(Severity severity);

// A second place that belongs to the finding.
struct Note {
  SourceRange where;
  std::string text;
};

// Replace the range by the text; safe to apply only as a whole.
struct Fix {
  SourceRange where;
  std::string replacement;
};

struct Diagnostic {
  Severity severity = Severity::error;
  std::string rule;     // stable id: "A01", "B02", … or the name of a manifest rule
  SourceRange where;    // the word to blame; may be invalid when the whole set is meant
  std::string message;  // lower-case start, no full stop, user text in single quotes
  std::vector<Note> notes;
  std::string help;  // what to do; may be empty
  std::optional<Fix> fix;
};

// Collects findings in the order they come; parsing and checking go on after an error.
class DiagnosticSink {
 public:
  void add(Diagnostic diagnostic);
  const std::vector<Diagnostic>& all() const { return x_all; }
  bool has_errors() const { return x_errors != 0; }
  std::size_t count(Severity severity) const;
  // Stable order for output: by source in order of addition, offset, then rule.
  void sort();

 private:
  std::vector<Diagnostic> x_all;
  std::size_t x_errors = 0;
};

}  // namespace qvm::config
