// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Findings as people and as programs read them.
#pragma once

#include <string>

#include "config/diagnostic.h"
#include "config/source.h"

namespace qvm::config {

enum class Colors { off, on };

// "path:line:col: error: text [A01]", the source line, a caret under the first byte and tildes under the rest
// of the range, then notes and help. Control characters of the input are shown as '?'; long lines are cut
// around the range.
std::string render_text(const Diagnostic& diagnostic, const SourceSet& sources, Colors colors);
std::string render_text(const DiagnosticSink& diagnostics, const SourceSet& sources, Colors colors);

// "2 errors and 1 warning", "" for none of both.
std::string summary(const DiagnosticSink& diagnostics);

// As schemas/diagnostics.schema.json says, ending with a newline.
std::string render_json(const DiagnosticSink& diagnostics, const SourceSet& sources);

}  // namespace qvm::config
