// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>

#include "config/rules/finding.h"
#include "config/rules/host_devices.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kAwaitedConsole;

namespace {

// A vdev of which nothing is known may be a serial port.
bool may_have_console(const CheckedVm& vm) {
  return std::any_of(vm.model.vdevs.begin(), vm.model.vdevs.end(),
                     [](const Vdev& vdev) { return vdev.table == nullptr || is_serial_port(vdev); });
}

void check_i04(const RuleInput& input, DiagnosticSink& sink) {
  if (input.manifest == nullptr) return;
  for (const VmEntry& vm : input.manifest->vms) {
    for (const Dependency& dependency : vm.depends_on) {
      if (dependency.condition.kind != Condition::Kind::console) continue;
      const auto other = std::find_if(input.vms.begin(), input.vms.end(), [&](const CheckedVm& one) {
        return one.name == dependency.condition.vm;
      });
      if (other == input.vms.end() || may_have_console(*other)) continue;
      sink.add(finding(kAwaitedConsole, dependency.detail_where,
                       fmt::format("VM '{}' waits for the console of VM '{}', which has none", vm.name.value,
                                   dependency.condition.vm),
                       "give it a 'vdev ser8250', or wait for something else"));
    }
  }
}

constexpr std::string_view kWaiting = "system right\nram 64M\n";
constexpr std::string_view kManifest =
    "vms:\n  left: {config: left.qvmconf}\n"
    "  right: {config: right.qvmconf, depends_on: [{vm: left, console: ready}]}\n";

}  // namespace

const Rule kAwaitedConsole{
    .id = "I04",
    .severity = Severity::error,
    .title = "waiting for the console of a VM that has none",
    .documentation =
        "A condition 'console' looks at what the other VM writes to its first serial port or console.",
    .wrong = {"system left\nram 64M\n", kWaiting, kManifest},
    .right = {"system left\nram 64M\nvdev ser8250 hostdev -\n", kWaiting, kManifest},
    .check = check_i04};

}  // namespace qvm::config
