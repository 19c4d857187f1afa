// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "qvm/plan/device_tree.h"

#include <fmt/format.h>
#include <libfdt.h>

#include <algorithm>
#include <array>

#include "qvm/plan/tree_room.h"

namespace qvm::plan {
namespace {

using vdevs::DeviceNode;

// Out of the way of the numbers that a user's tree may bring.
constexpr std::uint32_t kNodeHandles = 0x71760000;
constexpr std::uint32_t kClockHandles = 0x71770000;

// Cells of `interrupts`, as Linux documents them for this family of interrupt controllers.
constexpr std::uint32_t kShared = 0;
constexpr std::uint32_t kPrivate = 1;
constexpr std::uint32_t kLevelHigh = 4;
constexpr std::uint32_t kFirstShared = 32;

// Private lines of the architected timer, from 16: secure, non-secure, virtual, hypervisor.
constexpr std::array<std::uint32_t, 4> kTimerLines = {13, 14, 11, 10};

// Writes into a buffer of one size; the first thing that fails stays.
class TreeWriter {
 public:
  explicit TreeWriter(std::size_t bytes) : x_buffer(bytes, '\0') {
    check(fdt_create(x_buffer.data(), static_cast<int>(bytes)));
    check(fdt_finish_reservemap(x_buffer.data()));
  }

  void begin(const std::string& name) { check(fdt_begin_node(x_buffer.data(), name.c_str())); }
  void end() { check(fdt_end_node(x_buffer.data())); }
  void bytes(const char* name, std::string_view value) {
    check(fdt_property(x_buffer.data(), name, value.data(), static_cast<int>(value.size())));
  }
  void flag(const char* name) { bytes(name, {}); }
  void cells(const char* name, const std::vector<std::uint32_t>& values) {
    std::string text;
    for (const std::uint32_t value : values) append(text, value);
    bytes(name, text);
  }
  void wide(const char* name, std::uint64_t value) { cells(name, {high(value), low(value)}); }
  void text(const char* name, const std::string& value) { texts(name, {value}); }
  void texts(const char* name, const std::vector<std::string>& values) {
    std::string all;
    for (const std::string& value : values) all += value + '\0';
    bytes(name, all);
  }
  // Of two cells for the address and two for the length.
  void ranges(const char* name, const std::vector<DeviceNode::Range>& ranges) {
    std::string text;
    for (const DeviceNode::Range& range : ranges) {
      for (const std::uint64_t value : {range.address, range.length}) {
        append(text, high(value));
        append(text, low(value));
      }
    }
    bytes(name, text);
  }

  // The finished tree, or libfdt's error.
  int finish(std::string& tree) {
    check(fdt_finish(x_buffer.data()));
    if (x_error != 0) return x_error;
    x_buffer.resize(fdt_totalsize(x_buffer.data()));
    tree = std::move(x_buffer);
    return 0;
  }

 private:
  static std::uint32_t high(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }
  static std::uint32_t low(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
  static void append(std::string& text, std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(value >> shift & 0xff);
  }
  void check(int result) {
    if (x_error == 0) x_error = result;
  }

  std::string x_buffer;
  int x_error = 0;
};

std::string path_name(const BoardNode& node) {
  return fmt::format("{}@{:x}", node.name, node.node.ranges.front().address);
}

class BoardWriter {
 public:
  BoardWriter(const Board& board, std::size_t bytes) : x_board(board), x_tree(bytes) {
    x_controller = &*std::find_if(board.nodes.begin(), board.nodes.end(),
                                  [](const BoardNode& node) { return node.node.controller.has_value(); });
    for (const BoardNode& node : board.nodes) {
      const std::uint32_t hertz = node.node.clock_hertz;
      const bool known = std::find(x_clocks.begin(), x_clocks.end(), hertz) != x_clocks.end();
      if (!node.node.clocks.empty() && !known) x_clocks.push_back(hertz);
    }
  }

  int run(std::string& tree) {
    x_tree.begin("");
    x_tree.text("compatible", "linux,dummy-virt");
    x_tree.text("model", "qvm");
    add_cell_sizes();
    x_tree.cells("interrupt-parent", {handle_of(*x_controller)});
    add_chosen();
    for (const Board::Range& range : x_board.memory) add_memory(range);
    add_cpus();
    add_psci();
    add_timer();
    for (std::size_t i = 0; i < x_clocks.size(); ++i) add_clock(i);
    add_controller();
    add_vdevs();
    add_symbols();
    x_tree.end();
    return x_tree.finish(tree);
  }

 private:
  void add_cell_sizes() {
    x_tree.cells("#address-cells", {2});
    x_tree.cells("#size-cells", {2});
  }

  void add_chosen() {
    x_tree.begin("chosen");
    if (!x_board.cmdline.empty()) x_tree.text("bootargs", x_board.cmdline);
    const auto console = std::find_if(x_board.nodes.begin(), x_board.nodes.end(),
                                      [](const BoardNode& node) { return node.node.serial_port; });
    if (console != x_board.nodes.end()) x_tree.text("stdout-path", "/vdevs/" + path_name(*console));
    if (const auto& initrd = x_board.initrd) {
      x_tree.wide("linux,initrd-start", initrd->address);
      x_tree.wide("linux,initrd-end", initrd->address + initrd->length);
    }
    x_tree.end();
  }

  void add_memory(const Board::Range& range) {
    x_tree.begin(fmt::format("memory@{:x}", range.address));
    x_tree.text("device_type", "memory");
    x_tree.ranges("reg", {range});
    x_tree.end();
  }

  void add_cpus() {
    x_tree.begin("cpus");
    x_tree.cells("#address-cells", {1});
    x_tree.cells("#size-cells", {0});
    const unsigned cluster = x_controller->node.controller->cluster;
    for (unsigned cpu = 0; cpu < x_board.cpus; ++cpu) {
      const std::uint32_t affinity = cpu / cluster << 8 | cpu % cluster;
      x_tree.begin(fmt::format("cpu@{:x}", affinity));
      x_tree.text("device_type", "cpu");
      x_tree.text("compatible", x_board.cpu);
      x_tree.text("enable-method", "psci");
      x_tree.cells("reg", {affinity});
      x_tree.end();
    }
    x_tree.end();
  }

  void add_psci() {
    x_tree.begin("psci");
    x_tree.texts("compatible", {"arm,psci-1.0", "arm,psci-0.2"});
    x_tree.text("method", "hvc");
    x_tree.end();
  }

  void add_timer() {
    const bool names_cpus = x_controller->node.controller->names_cpus;
    const std::uint32_t all = (1U << std::min(x_board.cpus, 8U)) - 1;
    const std::uint32_t flags = kLevelHigh | (names_cpus ? all << 8 : 0);
    x_tree.begin("timer");
    x_tree.texts("compatible", {"arm,armv8-timer", "arm,armv7-timer"});
    x_tree.cells("interrupts", {kPrivate, kTimerLines[0], flags, kPrivate, kTimerLines[1], flags, kPrivate,
                                kTimerLines[2], flags, kPrivate, kTimerLines[3], flags});
    x_tree.flag("always-on");
    x_tree.end();
  }

  void add_clock(std::size_t index) {
    x_tree.begin(fmt::format("clock-{}", x_clocks[index]));
    x_tree.text("compatible", "fixed-clock");
    x_tree.cells("#clock-cells", {0});
    x_tree.cells("clock-frequency", {x_clocks[index]});
    x_tree.cells("phandle", {kClockHandles + static_cast<std::uint32_t>(index)});
    x_tree.end();
  }

  // Overlays refer to every node.
  std::uint32_t handle_of(const BoardNode& node) const {
    return kNodeHandles + static_cast<std::uint32_t>(&node - x_board.nodes.data());
  }

  void add_controller() {
    x_tree.begin(path_name(*x_controller));
    x_tree.texts("compatible", x_controller->node.compatible);
    x_tree.cells("#interrupt-cells", {3});
    x_tree.cells("#address-cells", {0});
    x_tree.flag("interrupt-controller");
    x_tree.ranges("reg", x_controller->node.ranges);
    x_tree.cells("phandle", {handle_of(*x_controller)});
    x_tree.end();
  }

  void add_vdevs() {
    x_tree.begin("vdevs");
    x_tree.text("compatible", "simple-bus");
    add_cell_sizes();
    x_tree.flag("ranges");
    for (const BoardNode& node : x_board.nodes) {
      if (&node != x_controller) add_vdev(node);
    }
    x_tree.end();
  }

  void add_vdev(const BoardNode& vdev) {
    const DeviceNode& node = vdev.node;
    x_tree.begin(path_name(vdev));
    x_tree.texts("compatible", node.compatible);
    x_tree.ranges("reg", node.ranges);
    if (node.line) x_tree.cells("interrupts", {kShared, *node.line - kFirstShared, kLevelHigh});
    if (!node.clocks.empty()) {
      const auto clock = std::find(x_clocks.begin(), x_clocks.end(), node.clock_hertz) - x_clocks.begin();
      const std::uint32_t handle = kClockHandles + static_cast<std::uint32_t>(clock);
      x_tree.cells("clocks", std::vector<std::uint32_t>(node.clocks.size(), handle));
      x_tree.texts("clock-names", node.clocks);
    }
    if (node.coherent) x_tree.flag("dma-coherent");
    x_tree.cells("phandle", {handle_of(vdev)});
    x_tree.end();
  }

  void add_symbols() {
    x_tree.begin("__symbols__");
    for (const BoardNode& node : x_board.nodes) {
      x_tree.text(node.label.c_str(), (&node == x_controller ? "/" : "/vdevs/") + path_name(node));
    }
    x_tree.end();
  }

  const Board& x_board;
  TreeWriter x_tree;
  const BoardNode* x_controller = nullptr;
  std::vector<std::uint32_t> x_clocks;  // frequencies
};

}  // namespace

Result<std::string> build_device_tree(const Board& board) {
  return tree_with_room(
      0x4000, [&](std::size_t bytes, std::string& tree) { return BoardWriter(board, bytes).run(tree); });
}

}  // namespace qvm::plan
