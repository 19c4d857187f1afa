// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// From options with words to the model with values.
#pragma once

#include <string>

#include "config/language/option_table.h"
#include "config/language/syntax_tree.h"
#include "config/model/vm_config.h"
#include "config/text/diagnostic.h"
#include "config/text/reader.h"

namespace qvm::config {

// Values that cannot be understood are reported and left out; the rest of the model is complete. Sizes of
// load files come from reader, relative paths from directory ("" for the caller's). tables and tree's tables
// outlive the model.
VmConfig build_model(const SyntaxTree& tree, const TableSet& tables, Reader& reader,
                     const std::string& directory, DiagnosticSink& sink);

}  // namespace qvm::config
