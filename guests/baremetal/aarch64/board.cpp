// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "guests/baremetal/aarch64/board.h"

namespace guest {
namespace {

constexpr std::uint32_t kSharedInterrupt = 0;
constexpr std::uint32_t kPrivateInterrupt = 1;
constexpr std::uint32_t kFirstShared = 32;
constexpr std::uint32_t kFirstPrivate = 16;
constexpr std::uint32_t kLeastInterruptCells = 3;  // type, number, flags
constexpr unsigned kVirtualTimer = 2;              // after the secure and the other physical one
constexpr std::size_t kMaxPath = 128;

bool is_gic(const TreeNode& node) {
  return node.is_compatible("arm,gic-v3") || node.is_compatible("arm,cortex-a15-gic") ||
         node.is_compatible("arm,gic-400");
}

// INTID of the n-th interrupt, 0 if there is none. The only interrupt controller that counts is the GIC.
std::uint32_t interrupt_of(const TreeNode& node, unsigned n, std::uint32_t cells) {
  const TreeProperty interrupts = node.property("interrupts");
  if (cells < kLeastInterruptCells || n >= interrupts.cell_count() / cells) return 0;
  const std::uint32_t type = interrupts.cell(n * cells);
  const std::uint32_t number = interrupts.cell(n * cells + 1);
  if (type == kSharedInterrupt) return kFirstShared + number;
  return type == kPrivateInterrupt ? kFirstPrivate + number : 0;
}

bool is_memory(const TreeNode& node) {
  return node.property("device_type").has_text("memory");
}

void read_gic(const TreeNode& node, Board* board) {
  if (!node.registers(0, &board->distributor)) return;
  if (!node.is_compatible("arm,gic-v3")) {
    if (node.registers(1, &board->processor_interface)) board->gic_version = 2;
    return;
  }
  const TreeProperty regions = node.property("#redistributor-regions");
  const std::uint32_t count = regions.present() ? regions.cell(0) : 1;
  for (unsigned i = 0; i < count; ++i) {
    AddressRange range;
    if (!node.registers(1 + i, &range)) break;
    board->redistributors.add(range);
  }
  if (board->redistributors.count > 0) board->gic_version = 3;
}

void read_psci(const TreeNode& node, Board* board) {
  const TreeProperty method = node.property("method");
  if (method.has_text("hvc")) board->psci = Conduit::hvc;
  if (method.has_text("smc")) board->psci = Conduit::smc;
}

// Copies what comes before the colon, which the console's own options follow.
void copy_path(char (&path)[kMaxPath], const char* text) {
  std::size_t length = 0;
  while (length + 1 < kMaxPath && text[length] != '\0' && text[length] != ':') {
    path[length] = text[length];
    ++length;
  }
  path[length] = '\0';
}

// False if nothing names the console. stdout-path is a path or an alias.
bool find_console(const DeviceTree& tree, TreeNode* console) {
  TreeNode chosen;
  if (!tree.find("/chosen", &chosen)) return false;
  const char* wanted = chosen.property("stdout-path").text();
  if (wanted == nullptr) return false;
  char path[kMaxPath];
  copy_path(path, wanted);
  if (path[0] != '/') {
    TreeNode aliases;
    if (!tree.find("/aliases", &aliases)) return false;
    const char* meant = aliases.property(path).text();
    if (meant == nullptr) return false;
    copy_path(path, meant);
  }
  return tree.find(path, console) && console->is_compatible("arm,pl011");
}

BoardDevice device_of(const TreeNode& node, std::uint32_t cells) {
  BoardDevice device;
  if (!node.registers(0, &device.registers)) return {};
  device.interrupt = interrupt_of(node, 0, cells);
  return device;
}

void read_node(const TreeNode& node, std::uint32_t cells, Board* board) {
  if (is_memory(node)) {
    AddressRange range;
    for (unsigned i = 0; node.registers(i, &range); ++i) {
      if (range.size > 0) board->memory.add(range);
    }
  } else if (node.property("device_type").has_text("cpu")) {
    const TreeProperty reg = node.property("reg");
    board->processors.add(reg.number(0, reg.cell_count() < 2 ? reg.cell_count() : 2));
  } else if (node.is_compatible("arm,psci-0.2") || node.is_compatible("arm,psci-1.0")) {
    read_psci(node, board);
  } else if (node.is_compatible("arm,armv8-timer")) {
    board->timer_interrupt = interrupt_of(node, kVirtualTimer, cells);
  } else if (node.is_compatible("arm,pl011")) {
    board->serials.add(device_of(node, cells));
  } else if (node.is_compatible("virtio,mmio")) {
    board->virtio.add(device_of(node, cells));
  } else if (node.is_compatible("qvm,guest_shm")) {
    if (!board->shmem.present()) board->shmem = device_of(node, cells);
  } else if (node.is_compatible("arm,sp805")) {
    if (!board->watchdog.present()) board->watchdog = device_of(node, cells);
  }
}

}  // namespace

void read_board(const DeviceTree& tree, Board* board) {
  TreeNode node;
  if (tree.find("/chosen", &node)) {
    const char* arguments = node.property("bootargs").text();
    if (arguments != nullptr) board->arguments = arguments;
  }
  std::uint32_t cells = 0;
  for (node = tree.root(); node.next();) {
    if (!is_gic(node) || !node.is_enabled() || board->gic_version != 0) continue;
    cells = node.property("#interrupt-cells").cell(0);
    read_gic(node, board);
  }
  for (node = tree.root(); node.next();) {
    if (node.is_enabled()) read_node(node, cells, board);
  }
  if (find_console(tree, &node)) {
    board->console = device_of(node, cells);
  } else if (board->serials.count > 0) {
    board->console = board->serials.items[0];
  }
}

}  // namespace guest
