// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The canonical layout of a configuration: the same words and comments, other blanks and line ends.
#pragma once

#include <optional>
#include <string>

#include "config/language/option_table.h"
#include "config/text/diagnostic.h"
#include "config/text/source.h"

namespace qvm::config {

// Options of the VM and the openers of contexts (vdev, cpu, reserve, pass) start a line at its beginning,
// options of a context a line that is indented; what belongs together (`loc` and `intr`, everything of a cpu)
// shares one. A context whose options share one line stands on one line with them. Comments stay behind the
// word, or before the line, they stand at. Runs of blank lines become one. A line with a word that is no
// option, or with a comment for qvm-lint, keeps its words: their being on one line means something.
//
// Words are kept byte for byte and in order, so that the result parses as the source does, and formatting it
// again changes nothing; a variable is taken to hold neither half a string nor a comment. (What the parser
// makes of words that are no options depends on lines. A variable that holds several words can make such
// words of others; then the errors about them may be worded differently.) nullopt, with the error in the
// sink, if the text is not cut into words for certain: a quote that is never closed, or more than qvm reads
// at all.
std::optional<std::string> format(SourceId source, const SourceSet& sources, const TableSet& tables,
                                  DiagnosticSink& sink);

}  // namespace qvm::config
