// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <array>
#include <map>

#include "config/language/file_words.h"
#include "config/rules/device_tree.h"
#include "config/rules/finding.h"
#include "config/rules/machine.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kTreeDiffers;

namespace {

constexpr std::uint64_t kLargestTree = std::uint64_t{1} << 20U;

// Kinds of devices that only a vdev, or a passed-through device, can be.
constexpr std::array kVdevKinds = {"virtio,mmio", "arm,pl011", "arm,sp805"};

bool is_vdev_kind(const TreeDevice& device) {
  for (const char* kind : kVdevKinds) {
    if (device.compatible == kind) return true;
  }
  return false;
}

class CheckerD09 {
 public:
  CheckerD09(const CheckedVm& vm, const TableSet& tables, DiagnosticSink& sink)
      : x_gic(gic_name(vm.model)), x_foreign(has_foreign_devices(vm, tables)), x_sink(sink) {
    for (const Vdev& vdev : vm.model.vdevs) {
      if (vdev.location && vdev.location->value.space == Location::Space::memory)
        x_vdevs.try_emplace(vdev.location->value.address, &vdev);
    }
  }

  void check(const Load& load, const TreeDevice& device) {
    const auto found = x_vdevs.find(device.address);
    if (found != x_vdevs.end()) {
      check_line(load, device, *found->second);
    } else if (!x_foreign && is_vdev_kind(device)) {
      x_sink.add(finding(
          kTreeDiffers, load.where,
          fmt::format("'{}' has '{}', and no vdev is at 0x{:x}", load.path, device.node, device.address),
          "the guest's driver will look for it there: correct the tree or the vdev's 'loc'"));
    }
  }

 private:
  void check_line(const Load& load, const TreeDevice& device, const Vdev& vdev) {
    if (!device.line || vdev.interrupts.size() != 1) return;
    const Located<InterruptRef>& own = vdev.interrupts.front();
    if (own.value.controller != x_gic || own.value.line == device.line) return;
    if (*own.value.line < kFirstSharedInterrupt) return;  // rule D05
    Diagnostic diagnostic = finding(
        kTreeDiffers, own.where,
        fmt::format("{} has line {}, the device tree says {}", label(vdev), *own.value.line, *device.line),
        fmt::format("line N of the gic is shared interrupt N - 32 of the tree: <0 {} …>",
                    *own.value.line - kFirstSharedInterrupt));
    diagnostic.notes.push_back({load.where, fmt::format("'{}' in this one", device.node)});
    x_sink.add(std::move(diagnostic));
  }

  std::string x_gic;
  bool x_foreign;
  std::map<std::uint64_t, const Vdev*> x_vdevs;
  DiagnosticSink& x_sink;
};

void check_d09(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    for (const Load& load : vm.model.loads) {
      if (load.blob != Load::Blob::fdt) continue;
      const auto blob = input.reader.read(path_from(vm.directory, load.path), kLargestTree);
      if (!blob) continue;
      CheckerD09 checker(vm, input.tables, sink);
      for (const TreeDevice& device : tree_devices(*blob)) checker.check(load, device);
    }
  }
}

}  // namespace

const Rule kTreeDiffers{
    .id = "D09",
    .severity = Severity::warning,
    .title = "device tree that contradicts the configuration",
    .documentation =
        "A guest that is given a device tree of its own finds its devices by that. A device there must have "
        "the address "
        "and the interrupt of its vdev; shared interrupt N of the tree is line 32 + N of the gic.",
    .wrong = {"system left\nram 0x80000000,64M\nfdt load tree.dtb\nvdev pl011 loc 0x1c090000 intr gic:38\n"},
    .right = {"system left\nram 0x80000000,64M\nfdt load tree.dtb\nvdev pl011 loc 0x1c090000 intr gic:37\n"},
    .check = check_d09};

}  // namespace qvm::config
