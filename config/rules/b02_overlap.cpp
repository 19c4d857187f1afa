// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "config/rules/catalog.h"
#include "config/rules/finding.h"

namespace qvm::config {
namespace {

std::string place(const Occupied& one) {
  const char* what = one.space == Location::Space::io ? "ports" : "";
  return fmt::format("{}{}0x{:x}-0x{:x}", what, *what != 0 ? " " : "", one.start, one.last);
}

bool written_before(const Occupied& left, const Occupied& right) {
  return std::tie(left.where.source, left.where.begin) < std::tie(right.where.source, right.where.begin);
}

void check(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    std::vector<Occupied> all = occupied_by(vm.model);
    std::sort(all.begin(), all.end(), [](const Occupied& left, const Occupied& right) {
      return std::tie(left.space, left.start, left.last) < std::tie(right.space, right.start, right.last);
    });
    // The one that reaches furthest so far: each range is compared with the likeliest culprit, not with all.
    const Occupied* furthest = nullptr;
    for (const Occupied& one : all) {
      if (furthest != nullptr && furthest->space == one.space && one.start <= furthest->last) {
        const bool in_order = written_before(*furthest, one);
        const Occupied& earlier = in_order ? *furthest : one;
        const Occupied& later = in_order ? one : *furthest;
        Diagnostic diagnostic =
            finding(kOverlap, later.where,
                    fmt::format("{} at {} overlaps {}", later.owner, place(later), earlier.owner),
                    "move one of them, or make it smaller");
        diagnostic.notes.push_back(
            {earlier.where, fmt::format("{} is at {}", earlier.owner, place(earlier))});
        sink.add(std::move(diagnostic));
      }
      if (furthest == nullptr || furthest->space != one.space || one.last > furthest->last) furthest = &one;
    }
  }
}

}  // namespace

const Rule kOverlap{.id = "B02",
                    .severity = Severity::error,
                    .title = "two things at one address",
                    .documentation =
                        "Memory, devices and windows for memory must not overlap, neither in the guest's "
                        "memory nor among its I/O "
                        "ports. How much a device takes is in its option table. Memory without a start goes "
                        "after the highest so far.",
                    .wrong = {"system left\nram 0x0,64M\nrom 0xc0000,0x40000\n"},
                    .right = {"system left\nram 0x0,0xa0000\nrom 0xc0000,0x40000\nram 63M\n"},
                    .check = check};

}  // namespace qvm::config
