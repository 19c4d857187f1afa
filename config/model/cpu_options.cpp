// SPDX-FileCopyrightText: 2026 the qvm authors
// SPDX-License-Identifier: BSD-2-Clause
#include "config/model/cpu_options.h"

#include <algorithm>

namespace qvm::config {
namespace {

std::optional<HostCpu> numbered(std::string_view digits, const SourceRange& where) {
  const auto number = parse_number(digits, NumberKind::plain);
  // Beyond that it is no number of a CPU (A20).
  constexpr std::uint64_t kMostCpus = 4096;
  if (!number || number->value >= kMostCpus) return std::nullopt;
  return HostCpu{static_cast<std::uint32_t>(number->value), where};
}

}  // namespace

std::vector<HostCpu> host_cpus_of(const Cpu& cpu) {
  std::vector<HostCpu> result;
  if (const Argument* mask = find_argument(cpu.options, "runmask")) {
    for (const Piece& piece : pieces_of(*mask, ',')) {
      if (auto one = numbered(piece.text, piece.where)) result.push_back(*one);
    }
  } else if (const Argument* cluster = find_argument(cpu.options, "cluster")) {
    // The cluster that QNX makes of every single CPU.
    constexpr std::string_view kSingle = "_cpu-";
    if (!cluster->text.starts_with(kSingle)) return result;
    if (auto one = numbered(std::string_view(cluster->text).substr(kSingle.size()), cluster->where))
      result.push_back(*one);
  }
  return result;
}

std::optional<HostCpu> pin_of(const Cpu& cpu) {
  const std::vector<HostCpu> cpus = host_cpus_of(cpu);
  const bool one = !cpus.empty() && std::all_of(cpus.begin(), cpus.end(), [&](const HostCpu& other) {
    return other.number == cpus.front().number;
  });
  return one ? std::optional(cpus.front()) : std::nullopt;
}

std::optional<Priority> priority_of(const std::vector<Option>& options) {
  const Argument* sched = find_argument(options, "sched");
  if (sched == nullptr) return std::nullopt;
  const std::vector<Piece> pieces = pieces_of(*sched, ',');
  const std::string_view text = pieces.front().text;
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = parse_number(text.substr(0, digits), NumberKind::plain);
  if (digits == 0 || !number || number->value > UINT32_MAX) return std::nullopt;
  return Priority{static_cast<std::uint32_t>(number->value), pieces.front().where};
}

}  // namespace qvm::config
