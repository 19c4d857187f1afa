// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "config/language/numbers.h"
#include "config/model/options.h"
#include "config/rules/finding.h"
#include "config/rules/machine.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kSwappedMemory;

namespace {

constexpr std::uint64_t kLeastLength = std::uint64_t{16} << 20U;

// "512M" and then "0x80000000": a length and an address, by the way they are written.
bool looks_swapped(const Piece& first, const Piece& second) {
  const auto start = parse_number(first.text, NumberKind::address);
  const auto length = parse_number(second.text, NumberKind::size);
  return start && length && start->suffix != 0 && !start->prefixed && start->value >= kLeastLength &&
         second.text.starts_with("0x") && length->suffix == 0 && length->value % kLeastLength == 0;
}

void check_a16(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    const bool arm = machine_of(vm, input.tables).machine == Machine::arm;
    bool first_memory = true;
    for (const ParsedOption& item : vm.tree.items) {
      if (item.context != 0 || (item.spec->name != "ram" && item.spec->name != "rom")) continue;
      if (!item.complete() || item.arguments.front().unresolved) continue;
      const std::vector<Piece> parts = pieces_of(item.arguments.front(), ',');
      // On a PC memory at 4G of 0x80000000 bytes is quite possible, but not as the first.
      const bool suspicious = arm || first_memory;
      first_memory = false;
      if (!suspicious || parts.size() != 2 || !looks_swapped(parts[0], parts[1])) continue;
      Diagnostic diagnostic = finding(
          kSwappedMemory, item.arguments.front().where,
          fmt::format("start {} and length {} look as if they were swapped", parts[0].text, parts[1].text),
          fmt::format("the start comes first: '{} {},{}'", item.spec->name, parts[1].text, parts[0].text));
      diagnostic.fix = Fix{item.arguments.front().where, fmt::format("{},{}", parts[1].text, parts[0].text)};
      sink.add(std::move(diagnostic));
    }
  }
}

}  // namespace

const Rule kSwappedMemory{
    .id = "A16",
    .severity = Severity::warning,
    .title = "ram with its length before its start",
    .documentation =
        "ram and rom are written START,LENGTH. A start with a suffix and a length in hexadecimal look like "
        "the "
        "other way round: 'ram 512M,0x80000000' are 2 GiB at 512 MiB, not 512 MiB at 2 GiB.",
    .wrong = {"system left\nram 512M,0x80000000\n"},
    .right = {"system left\nram 0x80000000,512M\n"},
    .check = check_a16};

}  // namespace qvm::config
