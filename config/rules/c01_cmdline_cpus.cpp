// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/model/options.h"
#include "config/rules/finding.h"
#include "config/rules/rule.h"

namespace qvm::config {

extern const Rule kCmdlineCpus;

namespace {

// Options of Linux that say how many CPUs there are, and those that list some.
constexpr std::array kCounts = {"maxcpus", "nr_cpus", "possible_cpus"};
constexpr std::array kLists = {"isolcpus", "nohz_full", "rcu_nocbs", "irqaffinity"};

// How many CPUs a list such as "1-3,5" supposes; 0 if that cannot be said.
std::uint64_t supposed_by(std::string_view list) {
  std::uint64_t highest = 0;
  bool any = false;
  std::size_t begin = 0;
  while (begin < list.size()) {
    const std::size_t end = std::min(list.find_first_of(",-", begin), list.size());
    if (const auto number = parse_number(list.substr(begin, end - begin), NumberKind::plain)) {
      highest = std::max(highest, number->value);
      any = true;
    } else if (any) {
      return 0;  // "1-N" and the like
    }
    begin = end + 1;
  }
  return any ? highest + 1 : 0;
}

std::uint64_t supposed_cpus(const Piece& word) {
  const std::size_t equals = word.text.find('=');
  if (equals == std::string::npos) return 0;
  const std::string_view key = std::string_view(word.text).substr(0, equals);
  const std::string_view value = std::string_view(word.text).substr(equals + 1);
  if (std::find(kCounts.begin(), kCounts.end(), key) != kCounts.end()) {
    const auto number = parse_number(value, NumberKind::plain);
    return number ? number->value : 0;
  }
  return std::find(kLists.begin(), kLists.end(), key) != kLists.end() ? supposed_by(value) : 0;
}

void check_c01(const RuleInput& input, DiagnosticSink& sink) {
  for (const CheckedVm& vm : input.vms) {
    const std::size_t cpus = std::max<std::size_t>(1, vm.model.cpus.size());
    for (const Piece& word : cmdline_words(vm)) {
      const std::uint64_t supposed = supposed_cpus(word);
      if (supposed <= cpus) continue;
      Diagnostic diagnostic =
          finding(kCmdlineCpus, word.where,
                  fmt::format("'{}' supposes {} CPUs, the VM has {}", word.text, supposed, cpus),
                  vm.model.cpus.empty() ? "without any 'cpu' there is one: write 'cpu' once for each"
                                        : "write 'cpu' once for each");
      if (!vm.model.cpus.empty()) diagnostic.notes.push_back({vm.model.cpus.back().where, "the last one"});
      sink.add(std::move(diagnostic));
    }
  }
}

}  // namespace

const Rule kCmdlineCpus{.id = "C01",
                        .severity = Severity::warning,
                        .title = "command line speaks of CPUs that the VM has not",
                        .documentation =
                            "A VM has as many virtual CPUs as there are 'cpu' in its configuration, and one "
                            "if there is none. Linux's "
                            "maxcpus, nr_cpus, isolcpus and others should fit.",
                        .wrong = {"system left\nram 64M\ncmdline \"maxcpus=2\"\n"},
                        .right = {"system left\nram 64M\ncpu cpu\ncmdline \"maxcpus=2\"\n"},
                        .check = check_c01};

}  // namespace qvm::config
