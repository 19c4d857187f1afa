// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
// Reads a device tree blob where it lies. Allocates nothing and believes nothing: a tree that was opened is
// whole, and no call leaves its bytes. Also builds into a host program.
#pragma once

#include <cstddef>
#include <cstdint>

namespace guest {

struct AddressRange {
  std::uint64_t address = 0;
  std::uint64_t size = 0;
};

// The value of a property; null where there is none. Borrowed from the blob.
struct TreeProperty {
  const std::uint8_t* bytes = nullptr;
  std::uint32_t size = 0;

  bool present() const { return bytes != nullptr; }
  std::uint32_t cell_count() const { return size / 4; }
  // Cell by cell, big-endian; 0 behind the end.
  std::uint32_t cell(std::uint32_t index) const;
  // A number of `cells` cells (0..2) that begins at this cell.
  std::uint64_t number(std::uint32_t index, std::uint32_t cells) const;
  // The n-th of the strings in it, NUL-terminated; null where there is none.
  const char* text(unsigned n = 0) const;
  bool has_text(const char* wanted) const;
};

class TreeNode;

class DeviceTree {
 public:
  static constexpr std::size_t kHeaderBytes = 40;
  static constexpr unsigned kMaxDepth = 8;  // of the nodes below the root

  // What the header says of the blob's length; 0 if it is no device tree. header: kHeaderBytes, aligned to 4.
  static std::uint32_t size_of(const void* header);

  // False if this is no device tree of a version that can be read, if anything in it leaves its bounds, or if
  // nodes are deeper than kMaxDepth. blob must stay as it is while the tree is in use.
  bool open(const void* blob, std::size_t capacity);

  // Only of a tree that was opened.
  TreeNode root() const;
  // False if there is no such node. path: absolute, unit addresses included.
  bool find(const char* path, TreeNode* node) const;

 private:
  friend class TreeNode;
  struct Token {
    std::uint32_t kind;
    std::uint32_t next;  // offset of the token that follows
    const char* name;    // of a node or a property
    TreeProperty value;
  };
  bool read_token(std::uint32_t offset, Token* token) const;
  bool is_whole() const;

  const std::uint8_t* structure_ = nullptr;
  std::uint32_t structure_size_ = 0;
  const char* strings_ = nullptr;
  std::uint32_t strings_size_ = 0;
};

// A node, and the way to it. A plain value that borrows its tree.
class TreeNode {
 public:
  // To the node that follows in the blob: children come before brothers. False behind the last one.
  bool next();

  unsigned depth() const { return depth_; }  // 0: the root
  const char* name() const;                  // with its unit address

  TreeProperty property(const char* name) const;
  bool is_compatible(const char* name) const { return property("compatible").has_text(name); }
  bool is_enabled() const;

  // The n-th entry of `reg` as the processor sees it, through the `ranges` of all parents. False if there is
  // none or a parent does not let it through.
  bool registers(unsigned n, AddressRange* range) const;

 private:
  friend class DeviceTree;
  struct Cells {
    std::uint32_t address;
    std::uint32_t size;
  };
  TreeProperty property_at(std::uint32_t offset, const char* name) const;
  Cells cells_of(unsigned depth) const;  // that the children of the node at this depth count with
  bool translate(unsigned depth, AddressRange* range) const;

  const DeviceTree* tree_ = nullptr;
  unsigned depth_ = 0;
  std::uint32_t path_[DeviceTree::kMaxDepth + 1] = {};  // offsets of the nodes from the root to this one
};

}  // namespace guest
