// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Comments that hide findings: "# qvm-lint: ignore=A07,B03 (reason)" and "# qvm-lint: ignore-file=A07
// (reason)".
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/text/diagnostic.h"
#include "config/text/source.h"

namespace qvm::config {

// What follows "# qvm-lint:" in a comment.
struct Suppression {
  bool well_formed = false;  // "ignore=" or "ignore-file=" and rules; else nothing below is set
  bool whole_file = false;
  struct RuleName {
    std::string_view id;
    std::size_t offset = 0;  // from the '#'
  };
  std::vector<RuleName> rules;  // as written; at least one
  std::string_view reason;      // without blanks around it; "" if there is none
};

// nullopt for a comment that is not meant for the linter. The result points into text, which starts with '#'.
std::optional<Suppression> parse_suppression(std::string_view text);

// Takes the warnings and infos away that a comment hides: on the comment's line, or, if it stands alone, on
// the next line with words. A finding is on the lines where its range starts and ends. Errors stay: what
// qvm-lint calls an error is what `qvm up` refuses. Adds a finding of rule A25 for each suppression that
// cannot be read, has no reason, names an unknown rule, meets only errors or hides nothing; once for a file
// that several VMs read.
void apply_suppressions(std::span<const SourceRange> comments, const SourceSet& sources,
                        DiagnosticSink& diagnostics);

}  // namespace qvm::config
