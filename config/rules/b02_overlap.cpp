// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "config/rules/finding.h"
#include "config/rules/machine.h"
#include "config/rules/passes.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kOverlap;

namespace {

std::string place(const Occupied& one) {
  const char* what = one.space == Location::Space::io ? "ports" : "";
  return fmt::format("{}{}0x{:x}-0x{:x}", what, *what != 0 ? " " : "", one.start, one.last);
}

bool written_before(const Occupied& left, const Occupied& right) {
  return std::tie(left.where.source, left.where.begin) < std::tie(right.where.source, right.where.begin);
}

void add(std::uint64_t start, std::uint64_t length, const SourceRange& where, std::string owner,
         std::vector<Occupied>& all) {
  if (length != 0 && length - 1 <= UINT64_MAX - start)
    all.push_back({Location::Space::memory, start, start + (length - 1), where, std::move(owner)});
}

void add_passes(const CheckedVm& vm, std::vector<Occupied>& all) {
  for (const Pass& pass : passes_of(vm)) {
    for (const PassRange& range : pass.ranges) {
      if (range.space == Location::Space::pci) continue;
      const std::size_t before = all.size();
      add(range.guest, range.length.value_or(1), range.where, "'pass'", all);
      if (all.size() != before) all.back().space = range.space;
    }
  }
}

// Frames of a gic whose options do not say their sizes. These are the GIC architecture's.
void add_gic_frames(const VmConfig& vm, std::vector<Occupied>& all) {
  const std::uint64_t cpus = std::max<std::size_t>(1, vm.cpus.size());
  const std::array kFrames = {std::pair{"gicr", 0x20000 * cpus}, std::pair{"msi", std::uint64_t{0x1000}}};
  for (const Vdev& vdev : vm.vdevs) {
    if (vdev.type != kGic) continue;
    for (const auto& [name, length] : kFrames) {
      const Argument* argument = find_argument(vdev.options, name);
      if (argument == nullptr) continue;
      const auto address = parse_number(pieces_of(*argument, ',').front().text, NumberKind::address);
      if (address)
        add(address->value, length, argument->where, fmt::format("'{}' of {}", name, label(vdev)), all);
    }
  }
}

void check_b02(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    std::vector<Occupied> all = occupied_by(vm.model);
    add_passes(vm, all);
    add_gic_frames(vm.model, all);
    std::sort(all.begin(), all.end(), [](const Occupied& left, const Occupied& right) {
      return std::tie(left.space, left.start, left.last) < std::tie(right.space, right.start, right.last);
    });
    // The one that reaches furthest so far: each range is compared with the likeliest culprit, not with all.
    const Occupied* furthest = nullptr;
    for (const Occupied& one : all) {
      // One option that two of the sources above know is no overlap.
      const bool same = furthest != nullptr && furthest->where == one.where;
      if (furthest != nullptr && !same && furthest->space == one.space && one.start <= furthest->last) {
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
                    .check = check_b02};

}  // namespace qvm::config
