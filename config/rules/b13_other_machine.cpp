// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/rules/finding.h"
#include "config/rules/image.h"
#include "config/rules/machine.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kOtherMachine;

namespace {

void check_b13(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    const MachineEvidence evidence = machine_of(vm, input.tables);
    if (evidence.machine == Machine::unknown) continue;
    for (const Load& load : vm.model.loads) {
      if (load.blob != Load::Blob::automatic && load.blob != Load::Blob::guest) continue;
      const Image image = image_of(load, vm, input.reader);
      if (image.machine == Machine::unknown || image.machine == evidence.machine) continue;
      Diagnostic diagnostic =
          finding(kOtherMachine, load.where,
                  fmt::format("'{}' is {} for {}, the VM has devices of {}", load.path,
                              to_string(image.format), to_string(image.machine), to_string(evidence.machine)),
                  "load an image that was built for this machine");
      diagnostic.notes.push_back(
          {evidence.where, fmt::format("this is there on {} only", to_string(evidence.machine))});
      sink.add(std::move(diagnostic));
    }
  }
}

}  // namespace

const Rule kOtherMachine{.id = "B13",
                         .severity = Severity::error,
                         .title = "image for another kind of machine",
                         .documentation =
                             "The first bytes of an ELF file or a Linux kernel tell what machine it runs on. "
                             "It must be the one that the "
                             "VM's devices belong to: ioapic, 8259 and others to x86, gic and pl011 to ARM.",
                         .wrong = {"system left\nram 64M\nload Image\nvdev ioapic loc 0xf8000000\n"},
                         .right = {"system left\nram 64M\nload bzImage\nvdev ioapic loc 0xf8000000\n"},
                         .check = check_b13};

}  // namespace qvm::config
