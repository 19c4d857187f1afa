// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Device tree blobs for tests, written by libfdt.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace qvm::test {

// Writes nodes and properties one after the other, as the blob has them.
class FlatTree {
 public:
  FlatTree();

  // What `content` writes is inside of the node. name: with its unit address; "" for the root.
  void node(const std::string& name, const std::function<void()>& content);
  void cells(const std::string& name, const std::vector<std::uint32_t>& values);
  void text(const std::string& name, const std::string& value);  // a NUL is put behind it
  void empty(const std::string& name);

  // The blob, exactly as long as it is. At most once.
  std::vector<std::uint8_t> finish();

 private:
  std::vector<std::uint8_t> buffer_;
};

}  // namespace qvm::test
