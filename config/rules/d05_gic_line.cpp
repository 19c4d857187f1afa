// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/rules/device_tree.h"
#include "config/rules/finding.h"
#include "config/rules/interrupt_uses.h"
#include "config/rules/machine.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kGicLine;

namespace {

// INTIDs of the GIC architecture: from 1020 on they are special.
constexpr std::uint32_t kFirstSpecial = 1020;

// `msi ADDRESS,BASE,COUNT` of the gic: lines that messages use.
struct MessageLines {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  SourceRange where;
};

std::optional<MessageLines> message_lines(const VmConfig& vm) {
  const Vdev* gic = gic_of(vm);
  const Argument* msi = gic == nullptr ? nullptr : find_argument(gic->options, "msi");
  if (msi == nullptr) return std::nullopt;
  const std::vector<Piece> parts = pieces_of(*msi, ',');
  if (parts.size() != 3) return std::nullopt;
  const auto first = parse_number(parts[1].text, NumberKind::plain);
  const auto count = parse_number(parts[2].text, NumberKind::plain);
  if (!first || !count) return std::nullopt;
  return MessageLines{first->value, count->value, msi->where};
}

void check_line(const InterruptUse& use, const std::optional<MessageLines>& messages, DiagnosticSink& sink) {
  const std::uint32_t line = *use.interrupt.line;
  if (line < kFirstSharedInterrupt) {
    sink.add(finding(kGicLine, use.where,
                     fmt::format("line {} of the gic belongs to the CPUs, not to devices", line),
                     fmt::format("devices have {} to {}; interrupt N of a device tree is line {} + N",
                                 kFirstSharedInterrupt, kFirstSpecial - 1, kFirstSharedInterrupt)));
  } else if (line >= kFirstSpecial) {
    sink.add(finding(kGicLine, use.where, fmt::format("the gic has no line {}", line),
                     fmt::format("devices have {} to {}", kFirstSharedInterrupt, kFirstSpecial - 1)));
  } else if (messages && !use.reserved && line >= messages->first &&
             line - messages->first < messages->count) {
    Diagnostic diagnostic =
        finding(kGicLine, use.where, fmt::format("line {} of the gic is used for messages", line),
                "use a line outside of the range, or make the range smaller");
    diagnostic.notes.push_back({messages->where, fmt::format("'msi' takes {} to {}", messages->first,
                                                             messages->first + messages->count - 1)});
    sink.add(std::move(diagnostic));
  }
}

void check_d05(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    if (machine_of(vm, input.tables).machine != Machine::arm) continue;
    const std::string name = gic_name(vm.model);
    const auto messages = message_lines(vm.model);
    for (const InterruptUse& use : interrupt_uses(vm)) {
      if (use.interrupt.controller == name) check_line(use, messages, sink);
    }
  }
}

}  // namespace

const Rule kGicLine{
    .id = "D05",
    .severity = Severity::error,
    .title = "line of the gic that no device can have",
    .documentation =
        "Lines of the gic are interrupt IDs: 0 to 31 belong to the CPUs, 32 to 1019 to devices, and those "
        "that the "
        "gic's msi option names to messages. In a device tree, shared interrupt N is line 32 + N.",
    .wrong = {"system left\nram 0x80000000,64M\nvdev pl011 loc 0x1c090000 intr gic:5\n"},
    .right = {"system left\nram 0x80000000,64M\nvdev pl011 loc 0x1c090000 intr gic:37\n"},
    .check = check_d05};

}  // namespace qvm::config
