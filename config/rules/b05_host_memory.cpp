// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>

#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kHostMemory;

namespace {

constexpr std::size_t kMostNotes = 10;

std::uint64_t memory_of(const VmConfig& vm) {
  std::uint64_t sum = 0;
  for (const MemoryPiece& piece : vm.memory) sum += std::min(piece.length, UINT64_MAX - sum);
  return sum;
}

std::string megabytes(std::uint64_t bytes) {
  return fmt::format("{} MiB", bytes >> 20U);
}

void check_b05(const RuleInput& input, DiagnosticSink& sink) {
  const auto host = input.reader.host().memory;
  if (!host) return;
  std::uint64_t sum = 0;
  std::vector<Note> notes;
  for (const CheckedVm& vm : input.vms) {
    const std::uint64_t own = memory_of(vm.model);
    if (own == 0) continue;
    sum += std::min(own, UINT64_MAX - sum);
    const auto largest = std::max_element(
        vm.model.memory.begin(), vm.model.memory.end(),
        [](const MemoryPiece& left, const MemoryPiece& right) { return left.length < right.length; });
    if (sum <= *host) {
      if (notes.size() < kMostNotes)
        notes.push_back({largest->where, fmt::format("VM '{}' has {}", vm.name, megabytes(own))});
      continue;
    }
    Diagnostic diagnostic =
        finding(kHostMemory, largest->where,
                own == sum ? fmt::format("VM '{}' has {} of memory, this host has {}", vm.name,
                                         megabytes(own), megabytes(*host))
                           : fmt::format("with the {} of VM '{}' the VMs have {} of memory, this host has {}",
                                         megabytes(own), vm.name, megabytes(sum), megabytes(*host)),
                "give the VMs less, or run them on a larger host");
    diagnostic.notes = std::move(notes);
    sink.add(std::move(diagnostic));
    return;
  }
}

}  // namespace

const Rule kHostMemory{.id = "B05",
                       .severity = Severity::warning,
                       .title = "more memory than this host has",
                       .documentation =
                           "The ram and rom of all VMs of the set together are compared with the memory of "
                           "the host that the check "
                           "runs on. A host that must swap its guests' memory is of no use for them.",
                       .wrong = {"system left\nram 6G\n", "system right\nram 3G\n"},
                       .right = {"system left\nram 3G\n", "system right\nram 3G\n"},
                       .check = check_b05};

}  // namespace qvm::config
