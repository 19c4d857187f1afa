// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/base/install_paths.h"

#include <filesystem>

namespace qvm {

InstallPaths InstallPaths::of_this_program() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  const auto prefix = error ? std::filesystem::path(".") : program.parent_path().parent_path();
  return {(prefix / "bin").string(), (prefix / "lib" / "qvm").string(),
          (prefix / "share" / "qvm" / "guests").string()};
}

}  // namespace qvm
