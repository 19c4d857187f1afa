// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/rules/finding.h"
#include "config/rules/machine.h"
#include "config/rules/passes.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kNoMessages;

namespace {

void check_d10(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    if (machine_of(vm, input.tables).machine != Machine::arm) continue;
    const Vdev* gic = gic_of(vm.model);
    if (gic != nullptr &&
        (find_option(gic->options, "msi") != nullptr || find_option(gic->options, "its") != nullptr))
      continue;
    for (const Pass& pass : passes_of(vm)) {
      for (const PassRange& range : pass.ranges) {
        if (range.space != Location::Space::pci) continue;
        Diagnostic diagnostic = finding(
            kNoMessages, range.where, "a PCI device is passed through, but the gic takes no messages",
            "add 'its ADDR num-lpis COUNT' (version 3) or 'msi ADDR,BASE,COUNT' (version 2) to a 'vdev gic'");
        if (gic != nullptr) diagnostic.notes.push_back({gic->where, "this one"});
        sink.add(std::move(diagnostic));
      }
    }
  }
}

}  // namespace

const Rule kNoMessages{
    .id = "D10",
    .severity = Severity::warning,
    .title = "PCI device on ARM without interrupts by message",
    .documentation =
        "Drivers of PCI devices want interrupts by message (MSI). The gic of an ARM machine takes them only "
        "if it is "
        "given an its (version 3) or an msi frame (version 2).",
    .wrong = {"system left\nram 0x80000000,64M\nvdev gic version 3\npass loc pci:0x8086/0x10d3\n"},
    .right = {"system left\nram 0x80000000,64M\nvdev gic version 3 its 0x2f020000 num-lpis 8192\n"
              "pass loc pci:0x8086/0x10d3\n"},
    .check = check_d10};

}  // namespace qvm::config
