// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/rules/device_tree.h"

#include <libfdt.h>

#include <array>

namespace qvm::config {
namespace {

constexpr int kDeepest = 64;
// In a GIC's `interrupts`: kind (0: shared), number, flags.
constexpr int kInterruptCells = 3;

// A property made of cells.
class Cells {
 public:
  Cells(const void* tree, int node, const char* name)
      : x_first(static_cast<const fdt32_t*>(fdt_getprop(tree, node, name, &x_bytes))) {}

  int count() const { return x_first == nullptr ? 0 : x_bytes / static_cast<int>(sizeof(fdt32_t)); }
  std::uint32_t operator[](int index) const { return fdt32_ld(x_first + index); }

 private:
  int x_bytes = 0;
  const fdt32_t* x_first;
};

std::string first_text(const void* tree, int node, const char* name) {
  const char* text = fdt_stringlist_get(tree, node, name, 0, nullptr);
  return text == nullptr ? std::string() : text;
}

// nullopt: it has no address. cells: how many an address has.
std::optional<TreeDevice> device_at(const void* tree, int node, int cells) {
  const Cells reg(tree, node, "reg");
  if ((cells != 1 && cells != 2) || reg.count() < cells) return std::nullopt;
  TreeDevice device;
  device.node = fdt_get_name(tree, node, nullptr);
  device.compatible = first_text(tree, node, "compatible");
  device.address = cells == 2 ? std::uint64_t{reg[0]} << 32U | reg[1] : reg[0];
  const Cells interrupts(tree, node, "interrupts");
  if (interrupts.count() >= kInterruptCells && interrupts[0] == 0 &&
      interrupts[1] <= UINT32_MAX - kFirstSharedInterrupt)
    device.line = interrupts[1] + kFirstSharedInterrupt;
  return device;
}

}  // namespace

bool is_readable_tree(std::string_view blob) {
  constexpr std::uint32_t kOldest = 16;
  return blob.size() >= sizeof(fdt_header) && fdt_version(blob.data()) >= kOldest &&
         fdt_check_full(blob.data(), blob.size()) == 0;
}

std::vector<TreeDevice> tree_devices(std::string_view blob) {
  const std::string aligned(blob);  // as libfdt wants it
  const void* const tree = aligned.data();
  if (!is_readable_tree(aligned)) return {};
  std::vector<TreeDevice> devices;
  std::array<int, kDeepest> cells_of{};  // of addresses of the children of the open node at each depth
  int depth = 0;
  for (int node = fdt_next_node(tree, -1, &depth);
       node >= 0 && depth >= 0 && depth < kDeepest && devices.size() < kMostTreeDevices;
       node = fdt_next_node(tree, node, &depth)) {
    const auto at = static_cast<std::size_t>(depth);
    cells_of[at] = fdt_address_cells(tree, node);
    if (depth == 0) continue;
    if (auto device = device_at(tree, node, cells_of[at - 1])) devices.push_back(*std::move(device));
  }
  return devices;
}

}  // namespace qvm::config
