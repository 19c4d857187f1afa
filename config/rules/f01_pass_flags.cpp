// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/rules/finding.h"
#include "config/rules/machine.h"
#include "config/rules/passes.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kPassFlags;

namespace {

void check_flags_of(const PassRange& range, const Vdev* smmu, DiagnosticSink& sink) {
  if (range.space != Location::Space::memory) return;
  const SourceRange& where = range.flags.text.empty() ? range.where : range.flags.where;
  if (range.has('d') && range.has('m')) {
    sink.add(finding(kPassFlags, where, fmt::format("flags '{}' have both 'd' and 'm'", range.flags.text),
                     "'d' is for a device that does DMA, 'm' for memory that the guest uses as its own"));
  } else if (range.has('d') && !(range.has('r') && range.has('w'))) {
    sink.add(finding(kPassFlags, where,
                     fmt::format("flags '{}' have 'd', but not both 'r' and 'w'", range.flags.text),
                     "a device that does DMA needs 'rwd' at least"));
  } else if (smmu != nullptr && !range.has('d') && !range.has('n')) {
    Diagnostic diagnostic =
        finding(kPassFlags, where, "neither 'd' nor 'n' says whether this does DMA",
                "with an smmu, add 'd' for a device that does DMA, 'n' for one that does not");
    diagnostic.notes.push_back({smmu->where, "the smmu"});
    sink.add(std::move(diagnostic));
  }
}

void check_f01(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    const Vdev* smmu = nullptr;
    for (const Vdev& vdev : vm.model.vdevs) {
      if (vdev.type == "smmu") smmu = &vdev;
    }
    for (const Pass& pass : passes_of(vm)) {
      for (const PassRange& range : pass.ranges) check_flags_of(range, smmu, sink);
    }
  }
}

}  // namespace

const Rule kPassFlags{.id = "F01",
                      .severity = Severity::error,
                      .title = "flags of pass that exclude or need each other",
                      .documentation =
                          "Of the flags of 'pass loc', d (does DMA) needs r and w and excludes m (ordinary "
                          "memory). If the VM has an smmu, "
                          "each range says d or n.",
                      .wrong = {"system left\nram 64M\npass loc 0xfe000000,0x1000,rd\n"},
                      .right = {"system left\nram 64M\npass loc 0xfe000000,0x1000,rwd\n"},
                      .check = check_f01};

}  // namespace qvm::config
