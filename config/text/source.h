// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Source texts and places in them. Every word, key and value of a configuration keeps its place.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace qvm::config {

// Index into a SourceSet; stable for the life of the set.
using SourceId = std::uint32_t;

// Half-open byte range in one source. Default-constructed: nowhere (a value that came from a default).
struct SourceRange {
  static constexpr SourceId kNowhere = UINT32_MAX;
  SourceId source = kNowhere;
  std::uint32_t begin = 0;  // byte offset, from 0
  std::uint32_t end = 0;

  bool valid() const { return source != kNowhere; }
  bool operator==(const SourceRange&) const = default;
};

// A value and where it was written.
template <class T>
struct Located {
  T value{};
  SourceRange where;
};

// Line and column as people count them: from 1, columns in bytes.
struct LineColumn {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

// Owns the text of every file read (and of the command line's words) for as long as places are used.
// Not thread-safe while texts are added.
class SourceSet {
 public:
  // name is what diagnostics print: the path as the user gave it, "<command line>", "<stdin>".
  SourceId add(std::string name, std::string text);

  std::string_view name(SourceId id) const;
  std::string_view text(SourceId id) const;
  LineColumn position(SourceId id, std::uint32_t offset) const;
  // The line's text without its end, and the offset where it starts.
  std::string_view line(SourceId id, std::uint32_t line_number) const;
  std::uint32_t line_start(SourceId id, std::uint32_t line_number) const;
  // "path:line:column", or "" for an invalid range.
  std::string describe(const SourceRange& where) const;

 private:
  struct Source {
    std::string name;
    std::string text;
    std::deque<std::uint32_t> line_starts;
  };
  const Source& at(SourceId id) const;
  std::deque<Source> x_sources;
};

}  // namespace qvm::config
