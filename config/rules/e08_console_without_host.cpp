// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/model/options.h"
#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kConsoleWithoutHost;

namespace {

void check_e08(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    for (const Vdev& vdev : vm.model.vdevs) {
      if (vdev.type != "virtio-console" || find_option(vdev.options, "hostdev") != nullptr) continue;
      sink.add(finding(kConsoleWithoutHost, vdev.where, fmt::format("{} has no 'hostdev'", label(vdev)),
                       "add 'hostdev -' for standard input and output, or 'hostdev PATH'"));
    }
  }
}

}  // namespace

const Rule kConsoleWithoutHost{.id = "E08",
                               .severity = Severity::warning,
                               .title = "virtio-console without a host side",
                               .documentation =
                                   "Without hostdev, QNX's virtio-console wants to offer a device of its "
                                   "own, which fails on hosts that are not "
                                   "prepared for it.",
                               .wrong = {"system left\nram 64M\nvdev virtio-console\n"},
                               .right = {"system left\nram 64M\nvdev virtio-console hostdev -\n"},
                               .check = check_e08};

}  // namespace qvm::config
