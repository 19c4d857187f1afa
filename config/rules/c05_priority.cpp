// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>

#include "config/model/cpu_options.h"
#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kPriority;

namespace {

constexpr std::uint64_t kHighest = 255;
// Above it, QNX wants a privilege that qvm must be given.
constexpr std::uint64_t kOrdinary = 63;
constexpr std::size_t kSporadicParts = 5;

// The number, reported if it is no priority.
std::optional<std::uint64_t> check_priority(std::string_view digits, const SourceRange& where,
                                            DiagnosticSink& sink) {
  const auto number = parse_number(digits, NumberKind::plain);
  if (!number) {
    sink.add(finding(kPriority, where, Severity::error, fmt::format("'{}' is not a priority", digits),
                     "write a number from 1 to 255, with r, f or o after it for the policy"));
    return std::nullopt;
  }
  if (number->value == 0 || number->value > kHighest) {
    sink.add(finding(kPriority, where, Severity::error,
                     fmt::format("priority {} is not between 1 and {}", number->value, kHighest), ""));
  } else if (number->value > kOrdinary) {
    sink.add(finding(kPriority, where, Severity::warning,
                     fmt::format("priority {} is above {}, which QNX lets only privileged processes use",
                                 number->value, kOrdinary),
                     "give qvm the ability to raise priorities, or use a lower one"));
  }
  return number->value;
}

// high,low,max_repl,repl_period,init_budget and then 's'. How durations are written is not documented.
void check_sporadic(const Argument& argument, std::vector<Piece> parts, DiagnosticSink& sink) {
  if (parts.size() != kSporadicParts || !argument.text.ends_with('s')) {
    sink.add(finding(
        kPriority, argument.where, Severity::error, fmt::format("'{}' is no scheduling", argument.text),
        "write PRIORITY[r|f|o], or HIGH,LOW,REPLENISHMENTS,PERIOD,BUDGETs for sporadic scheduling"));
    return;
  }
  const auto high = check_priority(parts[0].text, parts[0].where, sink);
  const auto low = check_priority(parts[1].text, parts[1].where, sink);
  if (high && low && *low > *high) {
    sink.add(finding(kPriority, parts[1].where, Severity::error,
                     fmt::format("the low priority {} is above the high one {}", *low, *high),
                     "the high priority comes first"));
  }
}

void check_sched(const std::vector<Option>& options, bool sporadic_allowed, DiagnosticSink& sink) {
  const Argument* argument = find_argument(options, "sched");
  if (argument == nullptr || argument->text.empty()) return;
  const std::vector<Piece> parts = pieces_of(*argument, ',');
  if (parts.size() > 1) {
    if (sporadic_allowed) check_sporadic(*argument, parts, sink);
    return;
  }
  std::string_view digits = argument->text;
  const bool policy =
      digits.size() > 1 && std::string_view("rfo").find(digits.back()) != std::string_view::npos;
  if (policy) digits.remove_suffix(1);
  check_priority(digits, argument->where, sink);
}

// A CPU that is more important than the thread of one of its devices keeps it from working.
void check_order(const VmConfig& vm, DiagnosticSink& sink) {
  std::optional<Priority> highest;
  for (const Cpu& cpu : vm.cpus) {
    const auto priority = priority_of(cpu.options);
    if (priority && (!highest || priority->value > highest->value)) highest = priority;
  }
  if (!highest) return;
  for (const Vdev& vdev : vm.vdevs) {
    const auto own = priority_of(vdev.options);
    if (!own || own->value > highest->value) continue;
    Diagnostic diagnostic = finding(
        kPriority, own->where,
        fmt::format("{} has priority {}, a CPU of its guest {}", label(vdev), own->value, highest->value),
        "give the device a higher priority than the CPUs, or the CPUs a lower one");
    diagnostic.severity = Severity::warning;
    diagnostic.notes.push_back({highest->where, "the CPU's"});
    sink.add(std::move(diagnostic));
  }
}

void check_c05(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    for (const Cpu& cpu : vm.model.cpus) check_sched(cpu.options, true, sink);
    check_order(vm.model, sink);
  }
}

}  // namespace

const Rule kPriority{
    .id = "C05",
    .severity = Severity::error,
    .title = "scheduling that is malformed or defeats itself",
    .documentation =
        "sched takes a priority from 1 to 255 and a policy, or the five values of sporadic scheduling. "
        "Priorities "
        "above 63, and a device that is no more important than its guest's CPUs, are warnings.",
    .wrong = {"system left\nram 64M\ncpu sched 8,10\n"},
    .right = {"system left\nram 64M\ncpu sched 10r\n"},
    .check = check_c05};

}  // namespace qvm::config
