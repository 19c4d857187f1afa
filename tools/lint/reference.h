// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The language as the tables describe it: pages for people, one document for programs.
#pragma once

#include <string>
#include <vector>

#include "config/language/option_table.h"

namespace qvm::lint {

struct ReferencePage {
  std::string name;  // file name: "vm.md", "vdev-shmem.md"
  std::string text;  // Markdown
};

// index.md first, then vm.md, vdev-common.md and one page per vdev.
std::vector<ReferencePage> reference_pages(const config::TableSet& tables);

// As schemas/reference.schema.json says, ending with a newline.
std::string reference_json(const config::TableSet& tables);

}  // namespace qvm::lint
