// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>

#include "config/language/file_words.h"
#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kLoadTarget;

namespace {

constexpr std::string_view kElfMagic =
    "\x7f"
    "ELF";

// Where the memory that contains address ends, following pieces that touch; nullopt if none contains it.
std::optional<std::uint64_t> end_of_memory(std::vector<MemoryPiece> pieces, std::uint64_t address) {
  std::sort(pieces.begin(), pieces.end(),
            [](const MemoryPiece& left, const MemoryPiece& right) { return left.start < right.start; });
  std::optional<std::uint64_t> end;
  for (const MemoryPiece& piece : pieces) {
    const std::uint64_t from = end.value_or(address);
    if (piece.start <= from && from - piece.start < piece.length)
      end = piece.start + piece.length;
    else if (end && piece.start == *end)
      end = piece.start + piece.length;
  }
  return end;
}

// What ends up in memory is not the file's size for an ELF file.
bool has_own_layout(const Load& load, const CheckedVm& vm, Reader& reader) {
  if (load.blob != Load::Blob::automatic && load.blob != Load::Blob::guest) return false;
  const auto head = reader.read_head(path_from(vm.directory, load.path), kElfMagic.size());
  return head && *head == kElfMagic;
}

void check_address(const Load& load, const CheckedVm& vm, Reader& reader, DiagnosticSink& sink) {
  std::vector<MemoryPiece> before;
  for (const MemoryPiece& piece : vm.model.memory) {
    if (piece.order < load.order) before.push_back(piece);
  }
  const std::uint64_t address = *load.address;
  const auto end = end_of_memory(before, address);
  if (!end) {
    Diagnostic diagnostic = finding(
        kLoadTarget, load.where,
        fmt::format("'{}' is loaded to 0x{:x}, where no ram or rom is allocated yet", load.path, address),
        "allocate the memory before the load, or choose another address");
    for (const MemoryPiece& piece : vm.model.memory) {
      const bool contains = piece.start <= address && address - piece.start < piece.length;
      if (contains && piece.order > load.order)
        diagnostic.notes.push_back({piece.where, "it is allocated only here"});
    }
    sink.add(std::move(diagnostic));
    return;
  }
  if (load.size == 0 || load.size <= *end - address || has_own_layout(load, vm, reader)) return;
  sink.add(
      finding(kLoadTarget, load.where,
              fmt::format("'{}' of {} bytes does not fit at 0x{:x}: the memory there ends after {} bytes",
                          load.path, load.size, address, *end - address),
              "allocate more memory, or choose a lower address"));
}

void check_b01(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    for (const Load& load : vm.model.loads) {
      if (load.address) {
        check_address(load, vm, input.reader, sink);
        continue;
      }
      if (load.blob == Load::Blob::data) {
        sink.add(finding(kLoadTarget, load.where, fmt::format("data '{}' has no address", load.path),
                         fmt::format("write 'data load ADDR,{}'", load.path)));
        continue;
      }
      const auto earlier = [&](const MemoryPiece& piece) { return piece.order < load.order; };
      const auto& memory = vm.model.memory;
      if (memory.empty() || std::any_of(memory.begin(), memory.end(), earlier)) continue;
      Diagnostic diagnostic = finding(kLoadTarget, load.where,
                                      fmt::format("'{}' is loaded before any memory is allocated", load.path),
                                      "move the ram options before the load");
      diagnostic.notes.push_back({memory.front().where, "the first memory is allocated here"});
      sink.add(std::move(diagnostic));
    }
  }
}

}  // namespace

const Rule kLoadTarget{.id = "B01",
                       .severity = Severity::error,
                       .title = "load to a place that is no memory",
                       .documentation =
                           "A file is copied into ram or rom that was allocated before the load: the options "
                           "are read in one pass. It must "
                           "fit there from its address on. Raw data needs an address.",
                       .wrong = {"system left\nram 64M\ndata load 0x8000000,guest.bin\n"},
                       .right = {"system left\nram 64M\ndata load 0x2000000,guest.bin\n"},
                       .check = check_b01};

}  // namespace qvm::config
