// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The option tables of this folder, compiled in: a program needs no file at run time to know its language.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace qvm::schemas {

struct EmbeddedFile {
  std::string_view name;  // relative to schemas/: "vm.json", "vdevs/shmem.json"
  std::string_view text;
};

// Sorted by name; lives as long as the program.
std::span<const EmbeddedFile> embedded_files();
std::optional<std::string_view> embedded_file(std::string_view name);

}  // namespace qvm::schemas
