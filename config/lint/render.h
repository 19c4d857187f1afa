// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Findings as people and as programs read them.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "config/text/diagnostic.h"
#include "config/text/source.h"

namespace qvm::config {

enum class Colors { off, on };

// "path:line:col: error: text [A01]", the source line, a caret under the first byte and tildes under the rest
// of the range, then notes and help. Control characters of the input are shown as '?'; long lines are cut
// around the range.
std::string render_text(const Diagnostic& diagnostic, const SourceSet& sources, Colors colors);
std::string render_text(const DiagnosticSink& diagnostics, const SourceSet& sources, Colors colors);

// What was found about one set of VMs. Several sets are printed as one.
struct Findings {
  const DiagnosticSink& diagnostics;
  const SourceSet& sources;
};

// "2 errors and 1 warning", "" for none of both.
std::string summary(const DiagnosticSink& diagnostics);
std::string summary(std::span<const Findings> sets);

// As schemas/diagnostics.schema.json says, ending with a newline.
std::string render_json(std::span<const Findings> sets);
std::string render_json(const DiagnosticSink& diagnostics, const SourceSet& sources);

// SARIF 2.1.0, ending with a newline. version: of the linter. complete: everything could be read.
std::string render_sarif(std::span<const Findings> sets, std::string_view version, bool complete);

// One workflow command of GitHub Actions a line: "::error file=…,line=…,col=…,endColumn=…,title=…::…".
std::string render_github(std::span<const Findings> sets);

}  // namespace qvm::config
