// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/rules/finding.h"
#include "config/rules/passes.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kUnalignedPass;

namespace {

constexpr std::uint64_t kPassedPage = 4096;

void check_pages_of(const PassRange& range, DiagnosticSink& sink) {
  if (range.space != Location::Space::memory) return;
  const char* help = "pass whole pages of 0x1000 bytes";
  if (range.host_start() % kPassedPage != 0) {
    sink.add(finding(kUnalignedPass, range.host_piece ? range.host_piece->where : range.where,
                     fmt::format("0x{:x} is not the start of a page", range.host_start()), help));
  } else if (range.host && range.guest % kPassedPage != 0) {
    sink.add(finding(kUnalignedPass, range.where,
                     fmt::format("0x{:x} is not the start of a page", range.guest), help));
  }
  if (range.length && *range.length % kPassedPage != 0) {
    sink.add(finding(kUnalignedPass, range.length_piece->where,
                     fmt::format("0x{:x} bytes are not whole pages", *range.length), help));
  }
}

void check_f10(const RuleInput& input, DiagnosticSink& sink) {
  // Earlier versions rounded.
  if (input.tables.version() < QnxVersion::v8_0) return;
  for (const CheckedVm& vm : input.vms) {
    for (const Pass& pass : passes_of(vm)) {
      for (const PassRange& range : pass.ranges) check_pages_of(range, sink);
    }
  }
}

}  // namespace

const Rule kUnalignedPass{.id = "F10",
                          .severity = Severity::error,
                          .title = "passed memory that is not made of whole pages",
                          .documentation =
                              "Access can be given to whole pages only, which QNX asks for since version "
                              "8.0. A guest that is promised a part of "
                              "one gets faults, or a part of "
                              "another device.",
                          .wrong = {"system left\nram 64M\npass loc 0xfe000000,0x800,rw\n"},
                          .right = {"system left\nram 64M\npass loc 0xfe000000,0x1000,rw\n"},
                          .check = check_f10};

}  // namespace qvm::config
