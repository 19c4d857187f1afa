// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// A private directory of a test, removed with everything in it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace qvm::test {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "qvm-test-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) x_path = name;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    if (!x_path.empty()) std::filesystem::remove_all(x_path, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return x_path; }
  // Writes a file and returns its path.
  std::string add(const std::string& name, const std::string& text) const {
    std::string file = x_path + "/" + name;
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }

 private:
  std::string x_path;
};

}  // namespace qvm::test
