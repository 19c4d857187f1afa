// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "tests/support/flat_tree.h"

#include <libfdt.h>

#include <stdexcept>

namespace qvm::test {
namespace {

constexpr std::size_t kRoom = 16384;

void require(int result) {
  if (result < 0) throw std::runtime_error(fdt_strerror(result));
}

}  // namespace

FlatTree::FlatTree() : buffer_(kRoom) {
  require(fdt_create(buffer_.data(), static_cast<int>(buffer_.size())));
  require(fdt_finish_reservemap(buffer_.data()));
}

void FlatTree::node(const std::string& name, const std::function<void()>& content) {
  require(fdt_begin_node(buffer_.data(), name.c_str()));
  content();
  require(fdt_end_node(buffer_.data()));
}

void FlatTree::cells(const std::string& name, const std::vector<std::uint32_t>& values) {
  std::vector<fdt32_t> bytes;
  for (const std::uint32_t value : values) bytes.push_back(cpu_to_fdt32(value));
  require(fdt_property(buffer_.data(), name.c_str(), bytes.data(), static_cast<int>(bytes.size() * 4)));
}

void FlatTree::text(const std::string& name, const std::string& value) {
  require(fdt_property(buffer_.data(), name.c_str(), value.c_str(), static_cast<int>(value.size() + 1)));
}

void FlatTree::empty(const std::string& name) {
  require(fdt_property(buffer_.data(), name.c_str(), nullptr, 0));
}

std::vector<std::uint8_t> FlatTree::finish() {
  require(fdt_finish(buffer_.data()));
  return {buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(fdt_totalsize(buffer_.data()))};
}

}  // namespace qvm::test
