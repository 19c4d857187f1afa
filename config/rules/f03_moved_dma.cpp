// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/rules/finding.h"
#include "config/rules/machine.h"
#include "config/rules/passes.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kMovedDma;

namespace {

void check_f03(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    if (count_vdevs(vm.model, "smmu") != 0) continue;
    for (const Pass& pass : passes_of(vm)) {
      for (const PassRange& range : pass.ranges) {
        if (range.space != Location::Space::memory || !range.has('d') || range.host_start() == range.guest)
          continue;
        sink.add(
            finding(kMovedDma, range.host_piece->where,
                    fmt::format("a device that does DMA is at 0x{:x} for the guest and at 0x{:x} on the host",
                                range.guest, range.host_start()),
                    fmt::format("use the host's address for the guest, too, or add 'vdev smmu'")));
      }
    }
  }
}

}  // namespace

const Rule kMovedDma{.id = "F03",
                     .severity = Severity::warning,
                     .title = "DMA to addresses that only the guest knows",
                     .documentation =
                         "Without an IOMMU a device uses the host's addresses: a guest that is told others "
                         "lets it read and write in the "
                         "wrong place.",
                     .wrong = {"system left\nram 64M\npass loc 0xfd000000,0x1000,rwd=0xfe000000\n"},
                     .right = {"system left\nram 64M\npass loc 0xfe000000,0x1000,rwd=0xfe000000\n"},
                     .check = check_f03};

}  // namespace qvm::config
