// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "config/rules/finding.h"
#include "config/rules/passes.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kPassedTwice;

namespace {

struct Owned {
  PassRange range;
  const CheckedVm* vm = nullptr;
  std::uint64_t last = 0;
};

void report(const Owned& later, const Owned& earlier, std::string message, Severity severity,
            DiagnosticSink& sink) {
  Diagnostic diagnostic =
      finding(kPassedTwice, later.range.where, std::move(message), "pass it to one guest only");
  diagnostic.severity = severity;
  diagnostic.notes.push_back({earlier.range.where, fmt::format("to VM '{}' here", earlier.vm->name)});
  sink.add(std::move(diagnostic));
}

void check_memory(std::vector<Owned>& all, DiagnosticSink& sink) {
  std::sort(all.begin(), all.end(), [](const Owned& left, const Owned& right) {
    return std::tuple(left.range.space, left.range.host_start()) <
           std::tuple(right.range.space, right.range.host_start());
  });
  const Owned* furthest = nullptr;
  for (const Owned& one : all) {
    if (furthest != nullptr && furthest->range.space == one.range.space &&
        one.range.host_start() <= furthest->last) {
      const bool in_order = std::tie(furthest->range.where.source, furthest->range.where.begin) <
                            std::tie(one.range.where.source, one.range.where.begin);
      const Owned& earlier = in_order ? *furthest : one;
      const Owned& later = in_order ? one : *furthest;
      const bool dma = one.range.has('d') || furthest->range.has('d');
      report(later, earlier,
             fmt::format("host {} from 0x{:x} on are passed twice",
                         one.range.space == Location::Space::io ? "ports" : "addresses",
                         std::max(one.range.host_start(), furthest->range.host_start())),
             dma ? Severity::error : Severity::warning, sink);
    }
    if (furthest == nullptr || furthest->range.space != one.range.space || one.last > furthest->last)
      furthest = &one;
  }
}

void check_f02(const RuleInput& input, DiagnosticSink& sink) {
  std::map<std::string, Owned> devices;
  std::vector<Owned> memory;
  for (const CheckedVm& vm : input.vms) {
    for (const Pass& pass : passes_of(vm)) {
      for (const PassRange& range : pass.ranges) {
        if (range.space != Location::Space::pci) {
          const std::uint64_t length = range.length.value_or(1);
          if (length != 0 && length - 1 <= UINT64_MAX - range.host_start())
            memory.push_back({range, &vm, range.host_start() + (length - 1)});
          continue;
        }
        const auto [place, fresh] = devices.try_emplace(range.pci_host, Owned{range, &vm, 0});
        if (!fresh)
          report({range, &vm, 0}, place->second,
                 fmt::format("PCI device '{}' is passed twice", range.pci_host), Severity::error, sink);
      }
    }
  }
  check_memory(memory, sink);
}

}  // namespace

const Rule kPassedTwice{.id = "F02",
                        .severity = Severity::error,
                        .title = "device passed to two guests",
                        .documentation =
                            "A device has one owner. Addresses of the host that two passes share are an "
                            "error if one of them has flag d, "
                            "else a warning: memory may be shared on purpose.",
                        .wrong = {"system left\nram 64M\npass loc 0xfe000000,0x1000,rwd\n",
                                  "system right\nram 64M\npass loc 0xfd000000,0x1000,rwd=0xfe000000\n"},
                        .right = {"system left\nram 64M\npass loc 0xfe000000,0x1000,rwd\n",
                                  "system right\nram 64M\npass loc 0xfe001000,0x1000,rwd\n"},
                        .check = check_f02};

}  // namespace qvm::config
