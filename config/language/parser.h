// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Words to options in contexts, as the tables say. Knows no option by name but what opens a context.
#pragma once

#include <string>
#include <vector>

#include "config/language/option_table.h"
#include "config/language/syntax_tree.h"
#include "config/text/diagnostic.h"
#include "config/text/reader.h"
#include "config/text/source.h"

namespace qvm::config {

struct ParseInput {
  std::vector<std::string> words;   // as on the command line; "@path" reads a file
  std::vector<SourceRange> places;  // of the words, if they stand in a source; else empty
  std::string directory;            // prefix for relative "@path"
};

// Reads everything; never gives up early. Problems of files and of quoting and substitution go to the sink;
// unknown words, missing arguments and the like are in the tree, for the rules to report. tables outlives the
// tree.
SyntaxTree parse(const ParseInput& input, const TableSet& tables, Reader& reader, SourceSet& sources,
                 DiagnosticSink& sink);

// "vdev-shmem.so" and "vdev-shmem" name the vdev "shmem".
std::string_view vdev_type(std::string_view word);

}  // namespace qvm::config
