// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Opens the configuration files of one VM, within limits.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/language/word.h"
#include "config/text/diagnostic.h"
#include "config/text/reader.h"
#include "config/text/source.h"

namespace qvm::config {

class FileWords {
 public:
  // directory: prefix for relative paths, "" for none.
  FileWords(std::string directory, Reader& reader, SourceSet& sources, DiagnosticSink& sink);

  struct Opened {
    SourceId source = 0;
    std::vector<Word> words;
  };
  // The words of the file that `reference` ("@path") names; nullopt after a report (A22): unreadable, no
  // text, too large, too many, opened by itself. Every successful open() is followed by one close().
  std::optional<Opened> open(const Word& reference);
  void close();

  bool unreadable() const { return x_unreadable; }
  const std::vector<std::string>& opened() const { return x_opened; }
  // Of all files so far.
  std::vector<SourceRange> take_comments() { return std::move(x_comments); }

 private:
  std::nullopt_t refuse(const SourceRange& where, std::string message, std::string help);

  std::string x_directory;
  Reader& x_reader;
  SourceSet& x_sources;
  DiagnosticSink& x_sink;
  std::vector<std::string> x_open;    // the chain being read
  std::vector<std::string> x_opened;  // all so far
  std::vector<SourceRange> x_comments;
  bool x_unreadable = false;
};

// directory + "/" + path for a relative path, else path.
std::string path_from(std::string_view directory, std::string_view path);

}  // namespace qvm::config
