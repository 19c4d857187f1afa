// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/rules/device_tree.h"

namespace qvm::config {
namespace {

// The flattened format of the Devicetree Specification, chapter 5.
constexpr std::uint32_t kMagic = 0xd00dfeed;
constexpr std::uint32_t kBeginNode = 1;
constexpr std::uint32_t kEndNode = 2;
constexpr std::uint32_t kProperty = 3;
constexpr std::uint32_t kNothing = 4;
constexpr std::size_t kCell = 4;
constexpr std::size_t kDeepest = 64;
// In a GIC's `interrupts`: kind (0: shared), number, flags. Shared ones start at line 32.
constexpr std::size_t kInterruptCells = 3;

std::optional<std::uint32_t> cell(std::string_view bytes, std::size_t at) {
  if (at > bytes.size() || bytes.size() - at < kCell) return std::nullopt;
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < kCell; ++i) value = value << 8U | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

// Up to the next zero; nullopt if there is none.
std::optional<std::string_view> text(std::string_view bytes, std::size_t at) {
  if (at >= bytes.size()) return std::nullopt;
  const std::size_t end = bytes.find('\0', at);
  if (end == std::string_view::npos) return std::nullopt;
  return bytes.substr(at, end - at);
}

std::size_t padded(std::size_t size) {
  return (size + (kCell - 1)) / kCell * kCell;
}

struct Node {
  TreeDevice device;
  std::optional<std::string_view> reg;
  std::uint32_t address_cells = 2;  // of its children
};

class Walker {
 public:
  Walker(std::string_view structure, std::string_view strings) : x_structure(structure), x_strings(strings) {}

  std::vector<TreeDevice> run() {
    while (x_result.size() < kMostTreeDevices && step()) {
    }
    return std::move(x_result);
  }

 private:
  bool step() {
    const auto token = cell(x_structure, x_at);
    x_at += kCell;
    if (!token) return false;
    switch (*token) {
      case kBeginNode:
        return begin();
      case kEndNode:
        return end();
      case kProperty:
        return property();
      case kNothing:
        return true;
      default:
        return false;
    }
  }

  bool begin() {
    const auto name = text(x_structure, x_at);
    if (!name || x_open.size() >= kDeepest) return false;
    x_at += padded(name->size() + 1);
    x_open.emplace_back().device.node = *name;
    return true;
  }

  bool end() {
    if (x_open.empty()) return false;
    Node node = std::move(x_open.back());
    x_open.pop_back();
    const std::uint32_t cells = x_open.empty() ? 2 : x_open.back().address_cells;
    if (node.reg && (cells == 1 || cells == 2)) {
      const auto first = cell(*node.reg, 0);
      const auto second = cells == 2 ? cell(*node.reg, kCell) : std::optional<std::uint32_t>(0);
      if (first && second) {
        node.device.address = cells == 2 ? std::uint64_t{*first} << 32U | *second : *first;
        x_result.push_back(std::move(node.device));
      }
    }
    return true;
  }

  bool property() {
    const auto length = cell(x_structure, x_at);
    const auto name_at = cell(x_structure, x_at + kCell);
    const auto name = name_at ? text(x_strings, *name_at) : std::nullopt;
    x_at += 2 * kCell;
    if (!length || !name || x_open.empty() || x_at > x_structure.size() ||
        x_structure.size() - x_at < *length)
      return false;
    set(x_open.back(), *name, x_structure.substr(x_at, *length));
    x_at += padded(*length);
    return true;
  }

  static void set(Node& node, std::string_view name, std::string_view value) {
    if (name == "reg") node.reg = value;
    if (name == "compatible") node.device.compatible = text(value, 0).value_or("");
    if (name == "#address-cells") node.address_cells = cell(value, 0).value_or(2);
    if (name != "interrupts" || value.size() < kInterruptCells * kCell || cell(value, 0) != 0U) return;
    const auto number = cell(value, kCell);
    if (number && *number <= UINT32_MAX - kFirstSharedInterrupt)
      node.device.line = *number + kFirstSharedInterrupt;
  }

  std::string_view x_structure;
  std::string_view x_strings;
  std::size_t x_at = 0;
  std::vector<Node> x_open;
  std::vector<TreeDevice> x_result;
};

}  // namespace

std::vector<TreeDevice> tree_devices(std::string_view blob) {
  constexpr std::size_t kStructureAt = 8;
  constexpr std::size_t kStringsAt = 12;
  const auto structure = cell(blob, kStructureAt);
  const auto strings = cell(blob, kStringsAt);
  if (cell(blob, 0) != kMagic || !structure || !strings) return {};
  if (*structure >= blob.size() || *strings > blob.size()) return {};
  return Walker(blob.substr(*structure), blob.substr(*strings)).run();
}

}  // namespace qvm::config
