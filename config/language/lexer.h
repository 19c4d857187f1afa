// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Text to words: blanks, comments, quotes, joined lines and substitution.
#pragma once

#include <string_view>
#include <vector>

#include "config/language/word.h"
#include "config/text/diagnostic.h"
#include "config/text/reader.h"
#include "config/text/source.h"

namespace qvm::config {

// A whole source, read. comments: from each '#' to the end of its line, in order.
struct LexedText {
  std::vector<Word> words;
  std::vector<SourceRange> comments;
};
LexedText lex_text(SourceId source, const SourceSet& sources, Reader& reader, DiagnosticSink& sink);

// The words of a whole source. Problems (A04, A11, A12, A21, A22) go to the sink and reading goes on: a quote
// without an end is taken to end with its line.
std::vector<Word> lex(SourceId source, const SourceSet& sources, Reader& reader, DiagnosticSink& sink);

// One word that somebody else has split off already (a word of the command line or of the manifest):
// substitution is done, blanks, quotes and '#' are ordinary. exact: text is the source's bytes at `where`.
Word lex_single(std::string_view text, SourceRange where, bool exact, Reader& reader, DiagnosticSink& sink);

}  // namespace qvm::config
