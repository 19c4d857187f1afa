// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/model/options.h"
#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kInputDevice;

namespace {

constexpr std::size_t kMostDevices = 3;

void check_device(const Vdev& vdev, DiagnosticSink& sink) {
  const Option* window = find_option(vdev.options, "window");
  if (window == nullptr) return;
  for (const char* name : {"display", "size", "offset", "pipeline", "zorder", "global_alpha"}) {
    const Option* other = find_option(vdev.options, name);
    if (other == nullptr) continue;
    Diagnostic diagnostic =
        finding(kInputDevice, other->where, fmt::format("'{}' has no effect with 'window'", name),
                "leave one of them away");
    diagnostic.severity = Severity::warning;
    diagnostic.notes.push_back({window->where, "an existing window is used"});
    sink.add(std::move(diagnostic));
  }
}

void check_e13(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    std::vector<const Vdev*> all;
    for (const Vdev& vdev : vm.model.vdevs) {
      if (vdev.type != "virtio-input") continue;
      check_device(vdev, sink);
      all.push_back(&vdev);
      if (all.size() <= kMostDevices) continue;
      Diagnostic diagnostic =
          finding(kInputDevice, vdev.where, fmt::format("more than {} virtio-input", kMostDevices),
                  "one of them can have several 'screen'");
      for (std::size_t i = 0; i < kMostDevices; ++i)
        diagnostic.notes.push_back({all[i]->where, "one of them"});
      sink.add(std::move(diagnostic));
      break;
    }
  }
}

}  // namespace

const Rule kInputDevice{
    .id = "E13",
    .severity = Severity::error,
    .title = "virtio-input with options that exclude each other, or too many of them",
    .documentation =
        "screen says what a virtio-input is: a keyboard, a mouse, a touch screen. A VM "
        "has at most three of them. With "
        "window, the options that make a window have no effect (a warning).",
    .wrong = {"system left\nram 64M\nvdev virtio-input screen keyboard\nvdev virtio-input screen mouse\n"
              "vdev virtio-input screen touch\nvdev virtio-input screen pointer\n"},
    .right = {"system left\nram 64M\nvdev virtio-input screen keyboard\n"},
    .check = check_e13};

}  // namespace qvm::config
