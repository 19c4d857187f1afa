// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Which kind of machine a VM is, as far as its configuration shows. No option says it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/language/option_table.h"
#include "config/language/syntax_tree.h"
#include "config/model/vm_config.h"
#include "config/text/source.h"

namespace qvm::config {

std::string_view to_string(Architecture architecture);  // "x86_64", as the tables write it

// Something that exists on one kind of machine only.
struct ArchitectureEvidence {
  Architecture architecture = Architecture::x86_64;
  std::string what;  // "vdev 'gic'", "'fdt load'"
  SourceRange where;
  bool vdev = false;
  bool by_name = false;  // only the name of an interrupt controller: that there is none is D01's to report
};

struct ArchitectureFacts {
  // Of most of the vdevs; if they are equal, of most of the evidence, then of its first piece; x86_64 without
  // any.
  Architecture architecture = Architecture::x86_64;
  std::vector<ArchitectureEvidence> evidence;  // in the order written

  // The first piece that speaks for it; nullptr: none, it is the default.
  const ArchitectureEvidence* reason() const;
};

ArchitectureFacts architecture_of(const SyntaxTree& tree, const TableSet& tables);

}  // namespace qvm::config
