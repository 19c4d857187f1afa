// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The part of YAML that a manifest may use, strictly: one document of mappings, sequences and scalars with
// every place kept. Nothing is converted: a scalar is its text, and its reader says what it means.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/text/diagnostic.h"
#include "config/text/source.h"

namespace qvm::config {

inline constexpr std::size_t kYamlMaxBytes = 256 * 1024;
// The library's time grows with the square of a line's length.
inline constexpr std::size_t kYamlMaxLine = 4096;
inline constexpr std::size_t kYamlMaxNodes = 20000;
inline constexpr std::size_t kYamlMaxDepth = 16;

struct YamlEntry;

struct YamlNode {
  enum class Kind { null, scalar, sequence, mapping };
  Kind kind = Kind::null;
  // A scalar: its text without quotes (a text of several lines: its first line). Else where the value starts.
  SourceRange where;
  std::string text;                // of a scalar, escapes resolved
  bool quoted = false;             // a scalar in quotes or a block
  bool verbatim = false;           // text is exactly what stands at where
  std::vector<YamlNode> items;     // of a sequence
  std::vector<YamlEntry> entries;  // of a mapping, in order, keys unique

  // "text", "a list", "a mapping", "nothing"
  std::string_view kind_name() const;
};

struct YamlEntry {
  std::string key;
  SourceRange key_where;
  YamlNode value;
};

// Reads the text of a source. Errors, each at its place, for: bytes that are not text, bad syntax, duplicate
// keys (the first is kept), keys that are not text, anchors, aliases, tags, directives, further documents,
// more than the limits above. nullopt if the text could not be read to its end; a document without content is
// a null node.
std::optional<YamlNode> parse_yaml(SourceId source, const SourceSet& sources, DiagnosticSink& sink);

}  // namespace qvm::config
