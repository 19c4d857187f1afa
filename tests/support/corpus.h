// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// The corpus of configurations in tests/corpus/qvmconf. The target defines QVM_SOURCE_DIR.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace qvm::test {

inline const std::filesystem::path kCorpus = std::filesystem::path(QVM_SOURCE_DIR) / "tests/corpus/qvmconf";

inline std::string read_corpus_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// "aarch64/gic-v2", sorted.
inline std::vector<std::string> corpus_case_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kCorpus)) {
    if (entry.path().extension() == ".qvmconf")
      names.push_back(std::filesystem::relative(entry.path(), kCorpus).replace_extension().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace qvm::test
