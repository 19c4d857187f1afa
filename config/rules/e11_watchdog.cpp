// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>

#include "config/model/options.h"
#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kWatchdog;

namespace {

bool is_watchdog(const Vdev& vdev) {
  return vdev.type == "wdt-sp805" || vdev.type == "wdt-ib700";
}

void check_watchdog(const Vdev& vdev, const VmConfig& vm, DiagnosticSink& sink) {
  const Argument* action = find_argument(vdev.options, "action");
  if (action == nullptr) {
    sink.add(finding(kWatchdog, vdev.where, fmt::format("{} has no 'action'", label(vdev)),
                     "add 'action terminate', or what else is to happen when the guest does not answer"));
    return;
  }
  for (const Piece& part : pieces_of(*action, ',')) {
    if (part.text == "dump" && find_option(vm.options, "dump") == nullptr) {
      sink.add(finding(kWatchdog, part.where, "the watchdog dumps the guest, but the VM has no 'dump'",
                       "add 'dump DIRECTORY' to the VM"));
    }
    if (part.text == "fiq" && find_option(vdev.options, "intr") == nullptr) {
      sink.add(finding(kWatchdog, part.where, "the watchdog interrupts the guest, but has no 'intr'",
                       "add 'intr gic:LINE'"));
    }
  }
}

void check_e11(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    for (const Vdev& vdev : vm.model.vdevs) {
      if (is_watchdog(vdev)) check_watchdog(vdev, vm.model, sink);
    }
  }
}

}  // namespace

const Rule kWatchdog{
    .id = "E11",
    .severity = Severity::warning,
    .title = "watchdog that does nothing useful",
    .documentation =
        "action says what happens when the guest has not answered twice in a row. dump needs the VM's option "
        "dump, fiq "
        "an interrupt.",
    .wrong = {"system left\nram 0x80000000,64M\nvdev wdt-sp805 loc 0x1c0f0000 action dump,terminate\n"},
    .right =
        {"system left\nram 0x80000000,64M\ndump /tmp\nvdev wdt-sp805 loc 0x1c0f0000 action dump,terminate\n"},
    .check = check_e11};

}  // namespace qvm::config
