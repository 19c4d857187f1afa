// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "guests/baremetal/device_tree.h"

namespace guest {
namespace {

constexpr std::uint32_t kMagic = 0xd00dfeed;
constexpr std::uint32_t kVersion = 17;
constexpr std::uint32_t kBeginNode = 1;
constexpr std::uint32_t kEndNode = 2;
constexpr std::uint32_t kProperty = 3;
constexpr std::uint32_t kNothing = 4;
constexpr std::uint32_t kEnd = 9;

// Offsets in the header.
constexpr std::size_t kTotalSize = 4;
constexpr std::size_t kStructureOffset = 8;
constexpr std::size_t kStringsOffset = 12;
constexpr std::size_t kVersionNumber = 20;
constexpr std::size_t kOldestReader = 24;
constexpr std::size_t kStringsSize = 32;
constexpr std::size_t kStructureSize = 36;

// What counts where a node does not say it.
constexpr std::uint32_t kUsualAddressCells = 2;
constexpr std::uint32_t kUsualSizeCells = 1;
constexpr std::uint32_t kMostCells = 2;

std::uint32_t read_cell(const std::uint8_t* at) {
  return std::uint32_t{at[0]} << 24 | std::uint32_t{at[1]} << 16 | std::uint32_t{at[2]} << 8 | at[3];
}

bool is_same(const char* left, const char* right) {
  while (*left != '\0' && *left == *right) {
    ++left;
    ++right;
  }
  return *left == *right;
}

// Length of the text at this place; `limit` if no NUL ends it before.
std::uint32_t length_within(const char* text, std::uint32_t limit) {
  std::uint32_t length = 0;
  while (length < limit && text[length] != '\0') ++length;
  return length;
}

const char* text_at(const std::uint8_t* bytes) {
  return reinterpret_cast<const char*>(bytes);
}

}  // namespace

std::uint32_t TreeProperty::cell(std::uint32_t index) const {
  return index < cell_count() ? read_cell(bytes + std::size_t{index} * 4) : 0;
}

std::uint64_t TreeProperty::number(std::uint32_t index, std::uint32_t cells) const {
  std::uint64_t value = 0;
  for (std::uint32_t i = 0; i < cells; ++i) value = value << 32 | cell(index + i);
  return value;
}

const char* TreeProperty::text(unsigned n) const {
  for (std::uint32_t at = 0; at < size;) {
    const std::uint32_t length = length_within(text_at(bytes + at), size - at);
    if (length == size - at) return nullptr;
    if (n-- == 0) return text_at(bytes + at);
    at += length + 1;
  }
  return nullptr;
}

bool TreeProperty::has_text(const char* wanted) const {
  for (unsigned n = 0;; ++n) {
    const char* candidate = text(n);
    if (candidate == nullptr) return false;
    if (is_same(candidate, wanted)) return true;
  }
}

std::uint32_t DeviceTree::size_of(const void* header) {
  const auto* bytes = static_cast<const std::uint8_t*>(header);
  return read_cell(bytes) == kMagic ? read_cell(bytes + kTotalSize) : 0;
}

bool DeviceTree::open(const void* blob, std::size_t capacity) {
  if (capacity < kHeaderBytes) return false;
  const auto* bytes = static_cast<const std::uint8_t*>(blob);
  const std::uint32_t total = size_of(blob);
  if (total < kHeaderBytes || total > capacity) return false;
  if (read_cell(bytes + kVersionNumber) < kVersion || read_cell(bytes + kOldestReader) > kVersion)
    return false;
  const std::uint32_t structure = read_cell(bytes + kStructureOffset);
  const std::uint32_t strings = read_cell(bytes + kStringsOffset);
  structure_size_ = read_cell(bytes + kStructureSize);
  strings_size_ = read_cell(bytes + kStringsSize);
  if (structure > total || structure_size_ > total - structure || structure % 4 != 0) return false;
  if (strings > total || strings_size_ > total - strings) return false;
  structure_ = bytes + structure;
  strings_ = text_at(bytes + strings);
  return is_whole();
}

bool DeviceTree::read_token(std::uint32_t offset, Token* token) const {
  if (offset > structure_size_ || structure_size_ - offset < 4) return false;
  token->kind = read_cell(structure_ + offset);
  std::uint32_t at = offset + 4;
  const std::uint32_t left = structure_size_ - at;
  std::uint32_t length = 0;
  if (token->kind == kBeginNode) {
    token->name = text_at(structure_ + at);
    length = length_within(token->name, left);
    if (length == left) return false;
    ++length;
  } else if (token->kind == kProperty) {
    if (left < 8) return false;
    length = read_cell(structure_ + at);
    const std::uint32_t name = read_cell(structure_ + at + 4);
    at += 8;
    if (length > left - 8 || name >= strings_size_) return false;
    token->name = strings_ + name;
    if (length_within(token->name, strings_size_ - name) == strings_size_ - name) return false;
    token->value = {.bytes = structure_ + at, .size = length};
  } else if (token->kind != kEndNode && token->kind != kNothing && token->kind != kEnd) {
    return false;
  }
  const std::uint32_t padding = (4 - length % 4) % 4;
  if (padding > structure_size_ - at - length) return false;
  token->next = at + length + padding;
  return true;
}

// One root, everything closed, the end where it belongs.
bool DeviceTree::is_whole() const {
  Token token{};
  unsigned open_nodes = 0;
  bool has_root = false;
  for (std::uint32_t offset = 0; read_token(offset, &token); offset = token.next) {
    switch (token.kind) {
      case kBeginNode:
        if ((open_nodes == 0 && (has_root || offset != 0)) || open_nodes > kMaxDepth) return false;
        has_root = true;
        ++open_nodes;
        break;
      case kEndNode:
        if (open_nodes == 0) return false;
        --open_nodes;
        break;
      case kProperty:
        if (open_nodes == 0) return false;
        break;
      case kEnd:
        return has_root && open_nodes == 0;
      default:
        break;
    }
  }
  return false;
}

TreeNode DeviceTree::root() const {
  TreeNode node;
  node.tree_ = this;
  return node;
}

bool DeviceTree::find(const char* path, TreeNode* node) const {
  *node = root();
  unsigned depth = 0;
  while (*path == '/') ++path;
  while (*path != '\0') {
    std::uint32_t length = 0;
    while (path[length] != '\0' && path[length] != '/') ++length;
    for (;;) {
      if (!node->next() || node->depth() <= depth) return false;
      if (node->depth() != depth + 1) continue;
      const char* name = node->name();
      std::uint32_t same = 0;
      while (same < length && name[same] == path[same]) ++same;
      if (same == length && name[length] == '\0') break;
    }
    ++depth;
    path += length;
    while (*path == '/') ++path;
  }
  return true;
}

bool TreeNode::next() {
  DeviceTree::Token token{};
  unsigned depth = depth_ + 1;
  tree_->read_token(path_[depth_], &token);
  for (std::uint32_t offset = token.next; tree_->read_token(offset, &token); offset = token.next) {
    if (token.kind == kEnd) return false;
    if (token.kind == kEndNode && --depth == 0) return false;
    if (token.kind == kBeginNode) {
      depth_ = depth;
      path_[depth] = offset;
      return true;
    }
  }
  return false;
}

const char* TreeNode::name() const {
  DeviceTree::Token token{};
  return tree_->read_token(path_[depth_], &token) ? token.name : "";
}

TreeProperty TreeNode::property(const char* name) const {
  return property_at(path_[depth_], name);
}

// The properties of a node come before its children.
TreeProperty TreeNode::property_at(std::uint32_t offset, const char* name) const {
  DeviceTree::Token token{};
  if (!tree_->read_token(offset, &token)) return {};
  while (tree_->read_token(token.next, &token) && (token.kind == kProperty || token.kind == kNothing)) {
    if (token.kind == kProperty && is_same(token.name, name)) return token.value;
  }
  return {};
}

bool TreeNode::is_enabled() const {
  const TreeProperty status = property("status");
  return !status.present() || status.has_text("okay") || status.has_text("ok");
}

TreeNode::Cells TreeNode::cells_of(unsigned depth) const {
  const TreeProperty address = property_at(path_[depth], "#address-cells");
  const TreeProperty size = property_at(path_[depth], "#size-cells");
  return {.address = address.present() ? address.cell(0) : kUsualAddressCells,
          .size = size.present() ? size.cell(0) : kUsualSizeCells};
}

bool TreeNode::registers(unsigned n, AddressRange* range) const {
  if (depth_ == 0) return false;
  const Cells cells = cells_of(depth_ - 1);
  if (cells.address == 0 || cells.address > kMostCells || cells.size > kMostCells) return false;
  const TreeProperty reg = property("reg");
  const std::uint32_t entry = cells.address + cells.size;
  if (n >= reg.cell_count() / entry) return false;
  range->address = reg.number(n * entry, cells.address);
  range->size = reg.number(n * entry + cells.address, cells.size);
  for (unsigned parent = depth_ - 1; parent > 0; --parent) {
    if (!translate(parent, range)) return false;
  }
  return true;
}

// From the addresses below the node at this depth to those that it lies in itself.
bool TreeNode::translate(unsigned depth, AddressRange* range) const {
  const TreeProperty ranges = property_at(path_[depth], "ranges");
  if (!ranges.present()) return false;
  if (ranges.size == 0) return true;
  const Cells below = cells_of(depth);
  const Cells above = cells_of(depth - 1);
  if (below.address > kMostCells || below.size > kMostCells || above.address > kMostCells) return false;
  const std::uint32_t entry = below.address + above.address + below.size;
  if (entry == 0) return false;
  for (std::uint32_t at = 0; at + entry <= ranges.cell_count(); at += entry) {
    const std::uint64_t from = ranges.number(at, below.address);
    const std::uint64_t to = ranges.number(at + below.address, above.address);
    const std::uint64_t length = ranges.number(at + below.address + above.address, below.size);
    if (range->address < from || range->address - from >= length) continue;
    if (range->size > length - (range->address - from)) return false;
    range->address = to + (range->address - from);
    return true;
  }
  return false;
}

}  // namespace guest
