// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// A VM as it was read: its words and what they mean.
#pragma once

#include <string>

#include "config/language/syntax_tree.h"
#include "config/model/vm_config.h"

namespace qvm::config {

// One VM of the set, as it was read.
struct CheckedVm {
  SyntaxTree tree;
  VmConfig model;
  std::string name;
  std::string directory;  // prefix for relative paths
};

}  // namespace qvm::config
