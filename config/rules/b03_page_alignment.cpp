// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kPageAlignment;

namespace {

constexpr std::uint64_t kPage = 4096;

// "512": so few bytes that another unit was meant.
bool without_unit(const MemoryPiece& piece, const SourceSet& sources) {
  constexpr std::uint64_t kFewest = 65536;
  const std::string_view text =
      sources.text(piece.where.source).substr(piece.where.begin, piece.where.end - piece.where.begin);
  return piece.length < kFewest && text == std::to_string(piece.length);
}

void check_b03(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    for (const MemoryPiece& piece : vm.model.memory) {
      const char* what = piece.kind == MemoryPiece::Kind::ram ? "ram" : "rom";
      if (piece.start % kPage != 0) {
        sink.add(finding(kPageAlignment, piece.where,
                         fmt::format("{} starts at 0x{:x}, not at a page", what, piece.start),
                         fmt::format("use a multiple of 0x{:x}", kPage)));
      }
      if (piece.length % kPage != 0) {
        sink.add(finding(kPageAlignment, piece.where,
                         fmt::format("{} has a length of {} bytes, not of whole pages", what, piece.length),
                         without_unit(piece, input.sources)
                             ? fmt::format("lengths are in bytes: did you mean '{}M'?", piece.length)
                             : fmt::format("use a multiple of {}, such as {}", kPage,
                                           (piece.length / kPage + 1) * kPage)));
      }
    }
  }
}

}  // namespace

const Rule kPageAlignment{
    .id = "B03",
    .severity = Severity::warning,
    .title = "memory that is not made of whole pages",
    .documentation =
        "Guest memory is mapped in pages of 4 KiB. Starts and lengths should be multiples of that.",
    .wrong = {"system left\nram 0x0,1000000\n"},
    .right = {"system left\nram 0x0,1M\n"},
    .check = check_b03};

}  // namespace qvm::config
