// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Source text byte by byte, with `$env{NAME}` and `$asinfo_*{entry}` replaced on the way.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/text/diagnostic.h"
#include "config/text/reader.h"
#include "config/text/source.h"

namespace qvm::config {

struct TextByte {
  char value = 0;
  SourceRange where;  // of a replaced byte: the whole substitution
  bool substituted = false;
  bool unresolved = false;  // part of a substitution that could not be done; the text as written
};

// Reads one text. Replacements are not looked at again for further substitutions. Problems (rule A12, A11) go
// to the sink once, when the substitution is reached: text that is skipped as a comment is never judged.
class ExpandingText {
 public:
  // text is at `where`. exact: its bytes are the source's bytes; otherwise every byte is said to be at
  // `where`.
  enum class Places { exact, whole };
  ExpandingText(std::string_view text, SourceRange where, Places places, Reader& reader,
                DiagnosticSink& sink);

  std::optional<TextByte> peek();
  std::optional<TextByte> next();
  // Skips up to and including the next line end; what is skipped is not substituted.
  void skip_line();
  // The source's own bytes from here on; "" inside a replacement. They may contain substitutions.
  std::string_view plain() const {
    return x_pending_offset < x_pending.size() ? std::string_view() : x_text.substr(x_offset);
  }
  // Skips so many bytes of plain() and returns their place.
  SourceRange skip(std::size_t count) {
    x_offset += count;
    return range(x_offset - count, x_offset);
  }
  // Skips the bytes of plain() that belong to a kind, up to the first that does not.
  template <class Kind>
  void skip_plain(Kind&& belongs) {
    const std::string_view ahead = plain();
    std::size_t count = 0;
    while (count < ahead.size() && belongs(ahead[count])) ++count;
    x_offset += count;
  }

 private:
  void expand();
  SourceRange range(std::size_t begin, std::size_t end) const;
  void replace_host_entry(std::string_view entry, std::size_t end);
  void set_pending(std::string text, std::size_t end, bool unresolved);
  void report(Severity severity, std::string rule, SourceRange where, std::string message, std::string help);

  std::string_view x_text;
  SourceRange x_where;
  Places x_places;
  Reader& x_reader;
  DiagnosticSink& x_sink;
  std::size_t x_offset = 0;
  std::size_t x_problems = 0;
  std::string x_pending;  // the current replacement
  std::size_t x_pending_offset = 0;
  SourceRange x_pending_where;
  bool x_pending_unresolved = false;
};

}  // namespace qvm::config
