// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/language/file_words.h"

#include <algorithm>
#include <utility>

#include "config/language/lexer.h"

namespace qvm::config {

std::string path_from(std::string_view directory, std::string_view path) {
  if (directory.empty() || path.starts_with('/')) return std::string(path);
  std::string joined(directory);
  if (!joined.ends_with('/')) joined += '/';
  return joined.append(path);
}

FileWords::FileWords(std::string directory, Reader& reader, SourceSet& sources, DiagnosticSink& sink)
    : x_directory(std::move(directory)), x_reader(reader), x_sources(sources), x_sink(sink) {}

std::nullopt_t FileWords::refuse(const SourceRange& where, std::string message, std::string help) {
  Diagnostic diagnostic;
  diagnostic.rule = "A22";
  diagnostic.where = where;
  diagnostic.message = std::move(message);
  diagnostic.help = std::move(help);
  x_sink.add(std::move(diagnostic));
  return std::nullopt;
}

std::optional<FileWords::Opened> FileWords::open(const Word& reference) {
  const std::string name = reference.text.substr(1);
  const std::string path = path_from(x_directory, name);
  if (name.empty()) return refuse(reference.where, "'@' names no file", "write the path directly after '@'");
  if (std::find(x_open.begin(), x_open.end(), path) != x_open.end()) {
    return refuse(reference.where, "file '" + path + "' reads itself", "remove this '@' word");
  }
  if (x_open.size() >= kMaximumIncludeDepth) {
    return refuse(reference.where,
                  "files are nested more than " + std::to_string(kMaximumIncludeDepth) + " deep", {});
  }
  if (x_opened.size() >= kMaximumFiles) {
    return refuse(reference.where, "more than " + std::to_string(kMaximumFiles) + " files for one VM", {});
  }
  auto text = x_reader.read(path, kMaximumFileBytes);
  if (!text) {
    x_unreadable = true;
    return refuse(reference.where, "cannot " + text.error().message(), {});
  }
  if (text->find('\0') != std::string::npos) {
    x_unreadable = true;
    return refuse(reference.where, "'" + path + "' is not a text file",
                  "name a configuration, not a guest image");
  }
  x_open.push_back(path);
  x_opened.push_back(path);
  const SourceId source = x_sources.add(path, *std::move(text));
  LexedText lexed = lex_text(source, x_sources, x_reader, x_sink);
  x_comments.insert(x_comments.end(), lexed.comments.begin(), lexed.comments.end());
  return Opened{source, std::move(lexed.words)};
}

void FileWords::close() {
  x_open.pop_back();
}

}  // namespace qvm::config
